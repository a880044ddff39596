"""A log is JSON for machines and words for people, and says where a post stood."""

import logging
import sys

import orjson
import pytest

from connectors.conversations.source import SourcePartition
from stream_app.batch import Naming
from stream_app.core.record import Record
from stream_app.logs import (
    JsonFormatter,
    TextFormatter,
    at,
    logging_config,
    readable,
    stderr_handler,
)

SOURCE = SourcePartition("posts", "id-1", 3)


def record(message: str = "lost %d", *arguments: object, failed: bool = False) -> logging.LogRecord:
    trace = (ValueError, ValueError("broken"), None) if failed else None
    made = logging.LogRecord("stream_app.x", logging.ERROR, "x.py", 1, message, arguments, trace)
    made.created = 1_764_000_000.25
    return made


def test_a_record_is_one_line_of_json() -> None:
    line = JsonFormatter().format(record("lost %d\nor more", 4))
    assert "\n" not in line
    assert orjson.loads(line) == {
        "time": "2025-11-24T16:00:00.250Z",
        "level": "ERROR",
        "logger": "stream_app.x",
        "message": "lost 4\nor more",
    }


def test_a_trace_and_the_place_of_a_post_are_fields() -> None:
    failed = record("lost", failed=True)
    failed.__dict__.update(at(SOURCE, 17))
    document = orjson.loads(JsonFormatter().format(failed))
    assert document["source"] == {"topic": "posts", "partition": 3, "offset": 17}
    assert document["exception"].endswith("ValueError: broken\n")


def test_people_read_words() -> None:
    placed = record("lost")
    placed.__dict__.update(at(SOURCE, 17))
    assert TextFormatter().format(placed).endswith("ERROR stream_app.x: lost [posts:3:17]")
    assert TextFormatter().format(record("lost %d", 2)).endswith("stream_app.x: lost 2")


@pytest.mark.parametrize(("terminal", "formatter"), [(True, "Text"), (False, "Json")])
def test_the_form_follows_the_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, formatter: str
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    formatters = logging_config()["formatters"]
    assert formatters["colored"]["()"] == f"stream_app.logs.{formatter}Formatter"
    assert formatters["default"]["()"] == "stream_app.logs.JsonFormatter"
    assert type(stderr_handler().formatter).__name__ == f"{formatter}Formatter"


def test_a_line_of_a_log_can_be_read_by_people() -> None:
    assert readable(JsonFormatter().format(record("lost %d", 2))) == "ERROR: lost 2"
    for other in ("plain words", "17", "{", '{"a": 1}'):
        assert readable(other) == other


def test_an_error_in_a_batch_says_which_posts() -> None:
    records = [Record(p, o, b"key", b"text", 1) for p, o in [(0, 5), (0, 6), (0, 9), (2, 1)]]
    with pytest.raises(ValueError, match="broken") as raised, Naming("posts", records):
        raise ValueError("broken")
    assert raised.value.__notes__ == ["in a batch of posts:0:5-9, posts:2:1-1"]
