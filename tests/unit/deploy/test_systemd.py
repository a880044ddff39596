"""The systemd units, by systemd's own check."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.files import BINARIES, UNITS, unit_values

SERVICES = sorted(path.name for path in UNITS.glob("*.service"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in ("faust", "voxpop"):  # systemd looks whether they are there
        (binaries / name).write_text("#!/bin/sh\n")
        (binaries / name).chmod(0o755)
    units = []
    for name in SERVICES:
        text = (UNITS / name).read_text().replace(BINARIES, f"{binaries}/")
        unit = tmp_path / name.replace("@.", "@9100.")
        (tmp_path / name).write_text(text)
        units.append(unit)
    drop_in = tmp_path / "voxpop-worker@.service.d"
    drop_in.mkdir()
    shutil.copy(UNITS / "gpu.conf", drop_in)
    done = subprocess.run(
        ["systemd-analyze", "verify", *units],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "voxpop" in line] == []


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_not_root_and_is_always_started_again(unit: str) -> None:
    assert unit_values(unit, "User") == ["voxpop"]
    assert unit_values(unit, "Restart") == ["always"]
    assert unit_values(unit, "NoNewPrivileges") == ["yes"]
    assert unit_values(unit, "ProtectSystem") == ["strict"]


def test_the_units_are_those_of_the_five_parts() -> None:
    assert SERVICES == [
        "voxpop-alerts.service",
        "voxpop-extract@.service",
        "voxpop-ingest@.service",
        "voxpop-serve.service",
        "voxpop-worker@.service",
    ]


def test_each_source_keeps_its_cursor_in_a_folder_of_its_own() -> None:
    (folder,) = unit_values("voxpop-ingest@.service", "Environment")
    assert folder == "VOXPOP_DATA_DIR=/var/lib/voxpop/ingest-%i"


def test_the_worker_that_extracts_is_told_to() -> None:
    assert "VOXPOP_ROLE=extract" in unit_values("voxpop-extract@.service", "Environment")
