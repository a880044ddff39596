"""Every command that docs/sources.md shows is one, and each source says what it lacks."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.sources.items import Source
from stream_app.cli import ingest
from stream_app.cli.errors import CliError

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"
CREDENTIALS = {
    "VOXPOP_REDDIT_CLIENT_ID": "id",
    "VOXPOP_REDDIT_CLIENT_SECRET": "s3cret",
    "VOXPOP_REDDIT_USER_AGENT": "linux:voxpop-test:1",
    "VOXPOP_YOUTUBE_API_KEY": "s3cret",
    "VOXPOP_MASTODON_TOKEN": "s3cret",
}
SHOWN = re.findall(r"^voxpop ingest (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Source, Any]]:
    """Sources that commands would read, and their tracks."""
    found: list[tuple[Source, Any]] = []

    def note(source: Source, queries: object, tracks: object, *_: object, **__: object) -> None:
        del queries
        found.append((source, tracks))

    monkeypatch.setattr(ingest, "_run", note)
    return found


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_of_the_page_names_its_source(
    line: str,
    wished: list[tuple[Source, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("comments.csv").write_text("body,posted,thread\n")
    result = CliRunner().invoke(ingest.app, shlex.split(line), env=CREDENTIALS)
    assert result.exception is None, result.output
    ((source, tracks),) = wished
    assert source.name.split(":")[0] == line.split(maxsplit=1)[0]
    assert tracks == ["acme"]


def test_the_page_shows_each_source() -> None:
    commands = {
        command.callback.__name__ for command in ingest.app.registered_commands if command.callback
    }
    assert {line.split()[0] for line in SHOWN} == commands


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["reddit", "--subreddit", "phones"], "VOXPOP_REDDIT_CLIENT_ID"),
        (["youtube", "--video", "v1"], "VOXPOP_YOUTUBE_API_KEY"),
        (["file", str(PAGE), "--column", "text"], "--column text=body"),
    ],
)
def test_what_is_missing_is_named(asked: list[str], told: str) -> None:
    failure = CliRunner().invoke(ingest.app, asked, env=dict.fromkeys(CREDENTIALS, "")).exception
    assert isinstance(failure, CliError)
    assert told in str(failure)
    assert failure.exit_code == 2


def test_a_video_or_channel_must_be_named() -> None:
    failure = CliRunner().invoke(ingest.app, ["youtube"], env=CREDENTIALS).exception
    assert isinstance(failure, CliError)
