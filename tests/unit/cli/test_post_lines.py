"""What a line of a file of posts becomes."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from connectors.schemas.codec import decode_value
from stream_app.cli.post_lines import (
    is_raw,
    newest_event_time,
    numbered_lines,
    parsed,
    shifted,
    text_of,
    with_text_features,
)

RAW = {
    "post_id": "p1",
    "conversation_id": "c1",
    "platform": "bluesky",
    "created_at": 1_764_000_000,
    "text": "good",
}


def test_empty_lines_are_passed_over_but_counted(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b'\n{"a": 1}\r\n   \n{"b": 2}')
    assert list(numbered_lines(file)) == [(2, b'{"a": 1}'), (4, b'{"b": 2}')]


@pytest.mark.parametrize("line", [b"nope", b"[]", b"7", b"\xff"])
def test_a_line_that_is_no_json_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(line)


def test_a_post_without_features_is_raw() -> None:
    assert is_raw(RAW)
    assert not is_raw(RAW | {"features": None})


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"text": None}, "text: is needed"),
        ({"text": "  "}, "text: is needed"),
        ({"post_id": 1}, "post_id: "),
        ({"created_at": True}, "created_at: "),
        ({"tracks": ["{"]}, "tracks.0: "),
    ],
)
def test_a_raw_post_that_cannot_be_sent_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        text_of(RAW | changes)


def test_a_raw_post_with_features_of_its_text_is_a_valid_envelope() -> None:
    post = with_text_features(RAW, np.ones((5, 384), np.float16))
    read = decode_value(orjson.dumps(post), now=1_764_000_000, max_bytes=100_000)
    assert read.features["text"].shape == (5, 384)
    assert read.text == text_of(RAW) == "good"


def test_media_of_a_raw_post_never_reach_the_envelope() -> None:
    media = [{"kind": "image", "url": "https://example.org/a.png"}]
    assert "media" not in with_text_features(RAW | {"media": media}, np.ones((5, 384), np.float16))


def test_the_newest_time_is_of_the_lines_that_have_one() -> None:
    lines = [
        b"nope",
        b'{"created_at": true}',
        b'{"created_at": 5}',
        b'{"created_at": "1970-01-01"}',
    ]
    assert newest_event_time(iter(enumerate(lines))) == 5
    assert newest_event_time(iter(enumerate(lines[:2]))) is None


def test_shifting_moves_seconds_and_iso_8601_alike() -> None:
    assert shifted({"created_at": 100}, 50.5)["created_at"] == 150.5
    assert shifted({"created_at": "1970-01-01T00:01:40Z"}, 50.5)["created_at"] == 150.5


def test_a_post_without_a_time_cannot_be_shifted() -> None:
    with pytest.raises(ValueError, match="created_at"):
        shifted({"created_at": "yesterday"}, 1)
