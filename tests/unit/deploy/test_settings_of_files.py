"""Deployment files name no setting, port or path that Voxpop does not have."""

import re
from pathlib import Path

import pytest

from stream_app.settings import Settings
from tests.unit.deploy.files import (
    ALL_OF_THE_CHART,
    COMPOSE,
    DOCKERFILE,
    commands,
    compose_services,
    dockerfile_json,
    pods,
    rendered,
)

KNOWN = {f"VOXPOP_{name.upper()}" for name in Settings.model_fields}
FILES = [
    path
    for folder in ("images", "compose", "helm", "strimzi", "systemd")
    for path in sorted(Path("deploy", folder).rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("path", [*FILES, Path("docs/deployment.md")], ids=str)
def test_every_variable_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bVOXPOP_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    assert named <= KNOWN


def test_some_file_names_settings() -> None:
    assert any("VOXPOP_KAFKA" in path.read_text(encoding="utf-8") for path in FILES)


@pytest.mark.parametrize(("place", "command"), list(commands()), ids=str)
def test_the_dashboard_is_at_the_same_port_everywhere(place: str, command: list[str]) -> None:
    if "--port" in command:
        assert command[command.index("--port") + 1] == "8420", place


def test_probes_ask_at_the_port_that_answers() -> None:
    text = DOCKERFILE.read_text()
    checks = [" ".join(check) for check in dockerfile_json(r"    CMD")]
    asked = {re.search(r"127\.0\.0\.1:(\d+)/healthz", check).group(1) for check in checks}  # type: ignore[union-attr]
    assert asked == set(re.findall(r"^EXPOSE (\d+)$", text, re.MULTILINE)) == {"8420", "9100"}
    assert "VOXPOP_METRICS_PORT=9100" in text
    for name, pod in pods(rendered(ALL_OF_THE_CHART)).items():
        (container,) = pod["containers"]
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe in container:
                path = "/readyz" if probe == "readinessProbe" else "/healthz"
                assert container[probe]["httpGet"]["path"] == path, (name, probe)
                assert container[probe]["httpGet"]["port"] in ports, (name, probe)


def test_compose_mounts_files_that_are_there() -> None:
    mounted = [
        volume.split(":")[0]
        for service in compose_services().values()
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    ]
    assert mounted
    for path in mounted:
        assert (COMPOSE.parent / path).exists(), path
