"""`voxpop tracks check` names every fault, and counts what rules would find."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from stream_app.cli.main import app

GOOD = "tracks:\n  acme: acme\n  globex: '#globex'\n  all: NOT spam\n"


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.yaml"
    path.write_text(GOOD)
    return path


def test_faults_are_named_and_end_it(tracks: Path) -> None:
    tracks.write_text("tracks:\n  a: (b\n  c: d AND\n")
    found = CliRunner().invoke(app, ["tracks", "check", str(tracks)])
    assert found.exit_code == 1
    assert [line.split(": ")[0] for line in found.stderr.splitlines()] == [
        f"{tracks}:2:6",
        f"{tracks}:3:11",
    ]


def test_a_good_file_is_told_with_what_is_slow_in_it(tracks: Path) -> None:
    found = CliRunner().invoke(app, ["tracks", "check"], env={"VOXPOP_TRACKS": str(tracks)})
    assert found.exit_code == 0
    assert found.stdout == f"{tracks}: 3 tracks\n"
    assert "1 may hold of a post whatever it says" in found.stderr
    assert "(all)" in found.stderr


def test_posts_are_counted_by_track(tracks: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    texts = ["Acme!", "acme #globex", "spam", ""]
    common = {"post_id": "p", "conversation_id": "c", "platform": "reddit", "created_at": 1.0}
    posts.write_bytes(b"\n".join(orjson.dumps(common | {"text": text}) for text in texts))
    found = CliRunner().invoke(app, ["tracks", "check", str(tracks), "--posts", str(posts)])
    counted = [line.split() for line in found.stdout.splitlines()[1:4]]
    assert sorted(counted) == [["1", "globex"], ["2", "acme"], ["2", "all"]]
    assert "3 posts, 1 of them in no track" in found.stdout
    assert "1 lines are no raw posts" in found.stderr


def test_without_a_file_it_says_what_to_do() -> None:
    found = CliRunner().invoke(app, ["tracks", "check"], env={"VOXPOP_TRACKS": ""})
    assert "VOXPOP_TRACKS" in str(found.exception)
