"""Every command of the deployment files starts as written, with no package that its image lacks."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from deploy.images.requirements import IMAGES, held, read_lock
from deploy.local.processes import free_ports
from tests.integration.probes import READY_S, answers
from tests.unit.deploy.files import commands

pytestmark = pytest.mark.integration

BIN = Path(sys.executable).parent
SLOWEST_S = 150.0
WORKER = ("faust", "-A", "stream_app.app", "worker", "-l", "info")
SERVE = ("voxpop", "serve")
ALERTS = ("voxpop", "alerts", "watch")
TOPICS = ("voxpop", "topics", "create")
INGEST = ("voxpop", "ingest")
BLOCKER = """
import sys
sys.modules.update(dict.fromkeys({lacked!r}))  # what is None there is not found
"""


def lacked_by(image: str) -> set[str]:
    """Modules of installed packages that an image does not hold."""
    packages = read_lock(Path("requirements.lock").read_text(encoding="utf-8"))
    has = {*held(packages, IMAGES[image]), "voxpop"}
    return {
        module
        for module, names in packages_distributions().items()
        if not any(canonicalize_name(name) in has for name in names)
        and module not in sys.stdlib_module_names
    }


@contextmanager
def started(
    command: Sequence[str], image: str, settings: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """A command from another folder than the checkout, as in its image."""
    (folder / "sitecustomize.py").write_text(BLOCKER.format(lacked=lacked_by(image)))
    process = subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=folder,
        env={**os.environ, **settings, "PYTHONPATH": str(folder), "VOXPOP_STATES_MIB": "64"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_files_start_these_commands_and_no_others() -> None:
    starts = (WORKER, SERVE, ALERTS, TOPICS, INGEST)
    for place, command in commands():
        known = [start for start in starts if tuple(command[: len(start)]) == start]
        assert len(known) == 1, (place, command)


def test_an_image_that_lacks_a_package_cannot_import_it(tmp_path: Path) -> None:
    for image, code in (("reader", 1), ("worker", 0)):
        command = ["python", "-c", "import numba"]
        with started(command, image, {}, tmp_path) as process:
            assert process.wait(READY_S) == code, image


async def test_a_worker_starts_and_answers_its_probes(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    with started([*TOPICS, "--partitions", "2"], "reader", settings_env, tmp_path) as topics:
        assert topics.wait(READY_S) == 0
    (port,) = free_ports(1)
    settings = {**settings_env, "VOXPOP_METRICS_PORT": str(port), "VOXPOP_DEVICE": "cpu"}
    with started(WORKER, "worker", settings, tmp_path) as worker:
        assert await answers(port, "/healthz")
        assert await answers(port, "/readyz")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(READY_S) == 0


async def test_the_api_starts_and_answers_its_probes(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    apis: dict[int, subprocess.Popen[str]] = {}
    written = {tuple(command) for _, command in commands() if tuple(command[:2]) == SERVE}
    with ExitStack() as running:
        for command, port in zip(written, free_ports(len(written)), strict=True):
            arguments = [str(port) if each == "8420" else each for each in command]
            if "--port" not in arguments:
                arguments += ["--port", str(port)]
            api = running.enter_context(started(arguments, "reader", settings_env, tmp_path))
            apis[port] = api
        for port, api in apis.items():
            assert await answers(port, "/healthz")
            assert await answers(port, "/readyz")
            api.send_signal(signal.SIGTERM)
        for api in apis.values():
            assert api.wait(READY_S) in {0, -signal.SIGTERM}


async def test_the_watch_of_alerts_starts(settings_env: Mapping[str, str], tmp_path: Path) -> None:
    with started(TOPICS, "reader", settings_env, tmp_path) as topics:
        assert topics.wait(READY_S) == 0
    with started(ALERTS, "reader", settings_env, tmp_path) as watch:
        assert watch.stdout is not None
        assert "watching" in watch.stdout.readline()
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(READY_S) in {0, -signal.SIGTERM}


async def test_an_ingest_starts_and_ends_with_its_cursor_saved(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    with started(TOPICS, "reader", settings_env, tmp_path) as topics:
        assert topics.wait(READY_S) == 0
    folder = tmp_path / "data"
    nowhere = {"VOXPOP_BLUESKY_JETSTREAM": "ws://127.0.0.1:9/subscribe"}
    settings = {**settings_env, **nowhere, "VOXPOP_DATA_DIR": str(folder)}
    command = [*INGEST, "bluesky", "--query", "acme", "--track", "acme"]
    with started(command, "reader", settings, tmp_path) as ingest:
        assert ingest.stdout is not None
        assert "cursor" in ingest.stdout.readline()
        ingest.send_signal(signal.SIGTERM)
        assert ingest.wait(READY_S) == 0
    assert list((folder / "cursors").glob("bluesky-*.json"))


async def test_doctor_works_where_the_local_stack_cannot_be_imported(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    command = ["voxpop", "doctor", "--json"]
    with started(command, "worker", settings_env, tmp_path) as doctor:
        told, _ = doctor.communicate(timeout=SLOWEST_S)
    found = {each["what"]: each for each in json.loads(told)}
    assert found["java"]["state"] == found["valkey"]["state"] == "warn"
    assert "VOXPOP_KAFKA" in found["java"]["remedy"]
    assert found["model"]["state"] == "ok"
