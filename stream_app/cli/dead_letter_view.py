"""How `voxpop dlq` prints dead letters. Not for reading them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.kafka.dead_letters import DeadLetter


def print_table(letters: Sequence[DeadLetter], limit: int) -> None:
    """A row for each of the newest, oldest first."""
    console = Console()
    if not letters:
        console.print("no dead letters")
        return
    table = Table("place", "reason", "detail", "from", "when")
    for letter in letters[-limit:]:
        table.add_row(
            letter.place,
            Text(letter.reason),
            Text(letter.detail),
            Text(letter.source),
            _when(letter.failed_at),
        )
    console.print(table)
    if len(letters) > limit:
        console.print(f"the newest {limit:,} of {len(letters):,}; see --limit and --reason")


def as_json(letters: Sequence[DeadLetter]) -> str:
    """A JSON array with an object for each."""
    return orjson.dumps(
        [
            {
                "partition": letter.partition,
                "offset": letter.offset,
                "reason": letter.reason,
                "detail": letter.detail,
                "source": letter.source,
                "source_topic_id": letter.source_topic_id,
                "failed_at": letter.failed_at,
                "key": _text(letter.key),
                "value_bytes": None if letter.value is None else len(letter.value),
            }
            for letter in letters
        ]
    ).decode()


def print_letter(letter: DeadLetter) -> None:
    """Everything about one; its value indented where it is JSON."""
    console = Console(highlight=False, soft_wrap=True)
    rows = {
        "place": letter.place,
        "reason": letter.reason,
        "detail": letter.detail,
        "from": f"{letter.source} (topic id {letter.source_topic_id or 'unknown'})",
        "when": _when(letter.failed_at),
        "key": "null" if letter.key is None else repr(letter.key),
    }
    for name, text in rows.items():
        console.print(Text(f"{name:<8}{text}"))
    console.print(Text(_readable(letter.value)))


def _readable(value: bytes | None) -> str:
    if value is None:
        return "null (a tombstone)"
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return value.decode(errors="backslashreplace")


def _text(key: bytes | None) -> str | None:
    return None if key is None else key.decode(errors="backslashreplace")


def _when(failed_at: float | None) -> str:
    if failed_at is None:
        return "unknown"
    return datetime.fromtimestamp(failed_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
