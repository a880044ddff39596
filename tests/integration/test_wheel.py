"""The wheel: what it holds and says of itself, and that all of it works outside of a checkout."""

import json
import signal
import subprocess
import tempfile
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from packaging.metadata import Metadata
from packaging.version import Version

from deploy.images.requirements import IMAGES, Image
from deploy.local.processes import free_ports
from tests.integration.installed import (
    CHECKOUT,
    COMMIT,
    Built,
    Environment,
    build,
    cache_folder,
    check_requirements,
    install,
)
from tests.integration.probes import READY_S, answers

pytestmark = pytest.mark.integration

ROOMS = ("stream_app", "models", "connectors", "deploy", "benchmarks")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOBODY = {"VOXPOP_KAFKA": "127.0.0.1:1", "VOXPOP_REDIS": "redis://127.0.0.1:1/0"}
POSTS = ("what a lovely surprise", "this is awful, never again")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder outside of the checkout where uv's packages can be linked."""
    with tempfile.TemporaryDirectory(prefix="voxpop-wheel-", dir=cache_folder().parent) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def built(place: Path) -> Built:
    return build(place / "built")


@pytest.fixture(scope="module")
def installed(built: Built, place: Path) -> Environment:
    """The wheel with all that it asks for."""
    return install(built.wheel, Image(), place / "whole", place / "work")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {"VOXPOP_DATA_DIR": str(tmp_path / "data"), "VOXPOP_STATES_MIB": "64"}


def test_the_same_wheel_is_built_again_and_from_the_archive(built: Built) -> None:
    assert built.wheel.name == built.wheel_of_checkout.name
    assert built.wheel.read_bytes() == built.wheel_of_checkout.read_bytes()


def test_a_wheel_holds_the_rooms_with_their_data_and_nothing_else(built: Built) -> None:
    there = {
        str(file.relative_to(CHECKOUT))
        for room in ROOMS
        for file in (CHECKOUT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    names = zipfile.ZipFile(built.wheel).namelist()
    about = f"voxpop-{PROJECT['version']}.dist-info/"
    assert {name for name in names if not name.startswith(about)} == there
    assert f"{about}licenses/LICENSE" in names


def test_its_metadata_are_valid_and_its_description_renders(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        raw = wheel.read(f"voxpop-{PROJECT['version']}.dist-info/METADATA")
    told = Metadata.from_email(raw, validate=True)
    assert (told.name, told.version) == ("voxpop", Version(PROJECT["version"]))
    assert (told.license_expression, told.license_files) == ("Apache-2.0", ["LICENSE"])
    assert told.description_content_type == "text/markdown"
    assert "<h1>Voxpop</h1>" in MarkdownIt("commonmark").render(told.description or "")
    assert set(told.provides_extra or ()) == {"train", "large"}


def test_everything_that_its_packages_ask_for_is_there(installed: Environment) -> None:
    check_requirements(installed)


def test_it_is_not_the_checkout_that_runs(installed: Environment) -> None:
    code = "import sys, models, stream_app; print(*sys.path, models.__file__, stream_app.__file__)"
    seen = installed.run("python", "-c", code, settings={}).stdout
    assert str(CHECKOUT) not in seen
    assert str(installed.folder) in seen


def test_it_tells_its_version_and_commit_and_its_help(installed: Environment) -> None:
    told = installed.run("voxpop", "--version", settings={}).stdout
    assert told == f"voxpop {PROJECT['version']} ({COMMIT})\n"
    assert "Public opinion" in installed.run("voxpop", "--help", settings={}).stdout


def test_it_scores_a_file(installed: Environment, settings: dict[str, str], tmp_path: Path) -> None:
    posts, predictions = tmp_path / "posts.jsonl", tmp_path / "predictions.jsonl"
    posts.write_text("".join(json.dumps({"text": text}) + "\n" for text in POSTS))
    installed.run("voxpop", "score", str(posts), str(predictions), settings=settings)
    labels = [json.loads(line)["sentiment"]["label"] for line in predictions.open()]
    assert labels == ["positive", "negative"]


async def test_it_runs_the_whole_pipeline(installed: Environment, settings: dict[str, str]) -> None:
    with stack(installed, settings) as servers:
        settings = {**settings, **servers}
        installed.run("voxpop", "topics", "create", "--partitions", "2", settings=settings)
        worker_port, api_port = free_ports(2)
        metrics = {**settings, "VOXPOP_METRICS_PORT": str(worker_port), "VOXPOP_DEVICE": "cpu"}
        worker = ("faust", "-A", "stream_app.app", "worker", "-l", "info")
        api = ("voxpop", "serve", "--port", str(api_port))
        with started(installed, worker, metrics), started(installed, api, settings):
            assert await answers(worker_port, "/readyz")
            assert await answers(api_port, "/readyz")
            assert_serves_the_dashboard(api_port)
            for port in (worker_port, api_port):
                assert f'commit="{COMMIT}"' in asked(port, "/metrics")


def test_doctor_works_with_the_packages_of_a_reader(
    built: Built, place: Path, settings: dict[str, str]
) -> None:
    reader = install(built.wheel, IMAGES["reader"], place / "reader", place / "work")
    alone = {**settings, **NOBODY}
    done = reader.run("voxpop", "doctor", "--json", settings=alone, code=1)
    found = {each["what"]: each for each in json.loads(done.stdout)}
    assert {what for what, each in found.items() if each["state"] == "fail"} == {"kafka", "redis"}
    assert "without the local stack and the model" in found["packages"]["detail"]
    assert {"java", "jars", "valkey", "model"} & set(found) == set()
    refused = reader.run("voxpop", "stack", "up", settings=alone, code=1)
    assert "voxpop: this installation has no local stack" in refused.stderr


@contextmanager
def stack(environment: Environment, settings: dict[str, str]) -> Iterator[dict[str, str]]:
    """Its local servers, as the settings that `stack up` prints."""
    try:
        lines = environment.run("voxpop", "stack", "up", settings=settings).stdout.splitlines()
        yield dict(line.split("=", 1) for line in lines)
    finally:
        ended = environment.run("voxpop", "stack", "down", settings=settings).stdout
    assert ended == "ended kafka and valkey\n"


@contextmanager
def started(
    environment: Environment, command: tuple[str, ...], settings: dict[str, str]
) -> Iterator[None]:
    """A server that is told to stop in the end, and does."""
    process = subprocess.Popen(
        environment.command(*command),
        cwd=environment.work,
        env=environment.variables(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(READY_S) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()


def assert_serves_the_dashboard(port: int) -> None:
    """The page, and every file that the checkout has of it."""
    assert "<title>" in asked(port, "/")
    for file in (CHECKOUT / "connectors/http/dashboard").iterdir():
        assert asked(port, f"/assets/{file.name}") == file.read_text(encoding="utf-8")


def asked(port: int, path: str) -> str:
    """What a server answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read().decode())
