"""How a log reads: JSON for machines, one line a record; words for a terminal.

Faust sets logging up by itself and takes the two formatters from here; commands that run on take
the handler. Not for what is logged: a record never holds a post's text or key, nor a password.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.conversations.source import SourcePartition

HUMAN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s%(place)s"
PLACE: Final = "source"


def at(source: SourcePartition, offset: int) -> Mapping[str, object]:
    """The `extra` of a log record about one post: where it stands in Kafka."""
    return {
        PLACE: {"topic": source.topic, "partition": source.partition, "offset": offset},
    }


def logging_config() -> dict[str, Any]:
    """What Faust is to change of its own configuration: how records are written, no more."""
    return {
        "merge": True,
        "formatters": {
            "colored": {"()": f"{__name__}.{_of_stderr().__name__}"},
            "default": {"()": f"{__name__}.JsonFormatter"},  # of --logfile
        },
    }


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, source, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if place := getattr(record, PLACE, None):
            line[PLACE] = place
        if record.exc_info and record.exc_info[0]:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """A record as a line for people, with its trace below where it has one."""

    def __init__(self) -> None:
        super().__init__(HUMAN)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        place = getattr(record, PLACE, None)
        record.place = " [{topic}:{partition}:{offset}]".format(**place) if place else ""
        return super().format(record)


def stderr_handler() -> logging.Handler:
    """Writes to stderr, as a worker does."""
    handler = logging.StreamHandler()
    handler.setFormatter(_of_stderr()())
    return handler


def _of_stderr() -> type[JsonFormatter | TextFormatter]:
    machine = sys.stderr is None or not sys.stderr.isatty()
    return JsonFormatter if machine else TextFormatter


def readable(line: str) -> str:
    """A line of a log for people: the message of one that is JSON, any other as it is."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    if not isinstance(document, dict) or "message" not in document:
        return line
    return f"{document.get('level')}: {document['message']}{document.get('exception', '')}"
