"""Posts get their tracks by the rules of the moment; a bad file keeps the old ones and says so."""

from pathlib import Path

import pytest

from connectors.schemas.post import JsonObject
from connectors.tracks.errors import TracksError
from connectors.tracks.watched import MOST_TRACKS, WatchedTracks

POST: JsonObject = {"platform": "bluesky", "text": "Acme and Globex", "tracks": ["own"]}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.yaml"
    path.write_text("tracks:\n  acme: acme\n  own: acme\n")
    return path


def replaced(path: Path, text: str) -> None:
    """Puts another file in its place at once, as editors do."""
    other = path.with_suffix(".new")
    other.write_text(text)
    other.replace(path)


def test_tracks_are_added_to_those_of_the_post(path: Path) -> None:
    found = WatchedTracks(path).with_tracks(POST)
    assert found == POST | {"tracks": ["own", "acme"]}
    assert POST["tracks"] == ["own"]


def test_a_changed_file_is_taken_in(path: Path) -> None:
    clock, told = Clock(), list[str]()
    tracks = WatchedTracks(path, clock, told.append)
    replaced(path, "tracks:\n  globex: globex\n")
    assert tracks.with_tracks(POST)["tracks"] == ["own", "acme"]
    clock.now = 1.5
    assert tracks.with_tracks(POST)["tracks"] == ["own", "globex"]
    assert told == [f"{path}: 1 tracks from now on"]


def test_a_bad_file_keeps_the_old_rules_and_says_so_once(path: Path) -> None:
    clock, told = Clock(), list[str]()
    tracks = WatchedTracks(path, clock, told.append)
    replaced(path, "tracks:\n  globex: (globex\n")
    for clock.now in (2.0, 4.0, 6.0):
        assert tracks.with_tracks(POST)["tracks"] == ["own", "acme"]
    assert len(told) == 1
    assert told[0].startswith(f"{path}:2:11: ")
    path.unlink()
    clock.now = 8.0
    assert tracks.with_tracks(POST)["tracks"] == ["own", "acme"]
    assert len(told) == 2
    replaced(path, "tracks:\n  globex: globex\n")
    clock.now = 10.0
    assert tracks.with_tracks(POST)["tracks"] == ["own", "globex"]


def test_a_bad_file_at_first_is_an_error(path: Path) -> None:
    path.write_text("tracks:\n  a: (b\n")
    with pytest.raises(TracksError):
        WatchedTracks(path)


def test_a_post_has_no_more_tracks_than_its_schema_lets_it(path: Path) -> None:
    replaced(path, "tracks:\n" + "".join(f"  t{at}: acme\n" for at in range(100)))
    found = WatchedTracks(path).with_tracks(POST)["tracks"]
    assert len(found) == MOST_TRACKS
    assert found[0] == "own"
