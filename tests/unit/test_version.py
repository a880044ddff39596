"""There is one version, in pyproject.toml; whatever else tells one tells the same."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from typer.testing import CliRunner

from connectors.alerts.store import WatchState
from connectors.build import Build, this_build
from connectors.http.app import make_app
from connectors.http.metrics import ApiMetrics
from stream_app.cli.main import app
from stream_app.metrics import Metrics
from stream_app.settings import Settings

VERSION = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_what_is_installed_is_this_version() -> None:
    assert version("voxpop") == VERSION
    assert this_build().version == VERSION


def test_the_command_and_the_api_tell_it() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"voxpop {this_build()}\n"
    assert make_app(Settings().api_options())[0].version == VERSION


def test_both_metrics_pages_tell_it_the_same_way() -> None:
    watch = WatchState(active=True, looked_until=None)
    pages = [ApiMetrics().page([], watch), generate_latest(Metrics().registry)]
    told = [re.findall(rb"^voxpop_build_info\{.*$", page, re.MULTILINE) for page in pages]
    assert told[0] == told[1]
    assert f'version="{VERSION}"'.encode() in told[0][0]


def test_image_and_chart_tell_it() -> None:
    dockerfile = Path("deploy/images/Dockerfile").read_text()
    assert f'org.opencontainers.image.version="{VERSION}"' in dockerfile
    chart = yaml.safe_load(Path("deploy/helm/voxpop/Chart.yaml").read_text())
    assert chart["appVersion"] == VERSION


def test_documents_name_it() -> None:
    for page in ("README.md", "docs/deployment.md"):
        text = Path(page).read_text()
        named = re.findall(r"voxpop-([0-9][^-]*)-py3|voxpop-\w+:([0-9.]+[0-9])", text)
        assert named, page
        assert {wheel or image for wheel, image in named} == {VERSION}, page


def test_the_changelog_keeps_its_form() -> None:
    """https://keepachangelog.com: what is not released first, then versions, newest first."""
    text = Path("CHANGELOG.md").read_text()
    first, *released = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in released)
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= CHANGES


@pytest.mark.parametrize(
    ("commit", "told"), [(None, "0.1.0"), ("579b3cc5c6e0-dirty", "0.1.0 (579b3cc5c6e0-dirty)")]
)
def test_a_commit_stands_behind_the_version_where_it_is_known(
    commit: str | None, told: str
) -> None:
    assert str(Build("0.1.0", commit)) == told
    assert Build("0.1.0", commit).labels == {"version": "0.1.0", "commit": commit or ""}
