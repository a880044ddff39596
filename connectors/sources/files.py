"""A file of posts as a source: JSONL, CSV, TSV or Parquet, its columns named by the user.

Not for the formats: those are `post_rows`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from connectors.schemas.post import RawPost
from connectors.sources.errors import SourceSettingsError
from connectors.sources.items import Checkpoint, Cursor, Item, Unusable, raw_post, readable
from connectors.sources.post_rows import READ_AT_ONCE, Row, columns_of, read_rows

FIELDS: Final = (
    "post_id",
    "conversation_id",
    "parent_id",
    "author_id",
    "platform",
    "lang",
    "created_at",
    "tracks",
    "text",
)
NEEDED: Final = ("text", "created_at")
TRACK_SEPARATOR: Final = ";"


class FileSource:
    """The rows of a file, once, from the first to the last.

    A field of the envelope is read from the column of its name, or from the one it is mapped to.
    A row without `post_id` is named by its number, one without `conversation_id` is a
    conversation of its own. The cursor counts rows, so that a file may grow at its end.

    Args:
        path: the file; its suffix says what it is.
        columns: field of the envelope -> column of the file.
        platform: of rows that bring none.

    Raises:
        SourceSettingsError: the file cannot be read, or a column is not there.
    """

    def __init__(
        self, path: Path, columns: Mapping[str, str] | None = None, platform: str = "file"
    ) -> None:
        self._path = path
        self._platform = platform
        found = columns_of(path)
        asked = dict(columns or {})
        if unknown := sorted(asked.keys() - set(FIELDS)):
            raise SourceSettingsError(
                f"{', '.join(unknown)}: no field of a post; those are {', '.join(FIELDS)}"
            )
        self._columns = {field: asked.get(field, field) for field in FIELDS}
        if found is not None:
            self._require(found, asked)
            self._columns = {own: name for own, name in self._columns.items() if name in found}

    @property
    def name(self) -> str:
        """See `Source`."""
        return f"file:{self._path.resolve()}"

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceSettingsError: the file cannot be read to its end.
        """
        done = 0 if cursor is None else int(cursor["rows"])
        names = list(dict.fromkeys(self._columns.values()))
        rows = read_rows(self._path, names, done)
        while batch := await asyncio.to_thread(lambda: list(islice(rows, READ_AT_ONCE))):
            for row in batch:
                done += 1
                where = f"{self._path.name}:{done}"
                yield readable(where, self._item, row, where)
            yield Checkpoint({"rows": done})

    def _require(self, found: Any, asked: Mapping[str, str]) -> None:
        wanted = {*asked.values(), *(self._columns[field] for field in NEEDED)}
        if missing := sorted(wanted - set(found)):
            raise SourceSettingsError(
                f"{self._path} has no column {', '.join(missing)}; it has {', '.join(found)}: "
                "map them by --column FIELD=COLUMN, such as --column text=body"
            )

    def _item(self, row: Row | ValueError, where: str) -> RawPost | Unusable:
        if isinstance(row, ValueError):
            return Unusable(f"{where}: {row}")
        fields = {own: _read(own, row.get(column)) for own, column in self._columns.items()}
        given = {own: value for own, value in fields.items() if value is not None}
        post_id = given.get("post_id", where)
        defaults = {"post_id": post_id, "conversation_id": post_id, "platform": self._platform}
        item = raw_post(**(defaults | given))
        return Unusable(f"{where}: {item.reason}") if isinstance(item, Unusable) else item


def _read(field: str, value: Any) -> Any:
    """A value of a file as the envelope has it; None where it is empty."""
    if value is None or value == "":
        return None
    if field == "created_at":
        return _moment(value)
    if field == "tracks":
        parts = value.split(TRACK_SEPARATOR) if isinstance(value, str) else value
        return [str(part).strip() for part in parts]
    return value if isinstance(value, str) else str(value)


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
