"""Rows of a file of posts: JSONL, CSV, TSV or Parquet. Not for what a row means: `files`."""

import csv
import logging
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.sources.errors import SourceSettingsError

logger = logging.getLogger(__name__)

Row = Mapping[str, Any]
Rows = Iterator[Row | ValueError]

READ_AT_ONCE: Final = 500
FIELD_MAX_CHARS: Final = 1024 * 1024
SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
LINES: Final = (".jsonl", ".ndjson")
PARQUET: Final = ".parquet"


def columns_of(path: Path) -> Sequence[str] | None:
    """Names of the columns; None where each row has its own, as in JSONL.

    Raises:
        SourceSettingsError: it cannot be read, or is of another kind than the above.
    """
    try:
        if path.suffix in SEPARATORS:
            with _open_text(path) as file:
                return next(csv.reader(file, delimiter=SEPARATORS[path.suffix]), [])
        if path.suffix == PARQUET:
            return list(pq.read_schema(path).names)
        path.open("rb").close()
    except (OSError, ValueError, csv.Error) as error:
        raise SourceSettingsError(f"{path} cannot be read: {error}") from error
    if path.suffix in LINES:
        return None
    known = ", ".join((*LINES, *SEPARATORS, PARQUET))
    raise SourceSettingsError(f"{path}: its name must end in one of {known}")


def read_rows(path: Path, columns: Sequence[str], skip: int) -> Rows:
    """The rows behind the first `skip`; a line that is none is a ValueError in its place.

    The last line of a JSONL file may be still being written: without its end it is left for later.

    Args:
        path: a file that `columns_of` knows.
        columns: to read of a Parquet file; other kinds give all.
        skip: rows to pass over, also those that were none.
    """
    if path.suffix == PARQUET:
        yield from _parquet_rows(path, columns, skip)
    elif path.suffix in LINES:
        yield from _json_rows(path, skip)
    else:
        yield from _separated_rows(path, skip)


def _open_text(path: Path) -> TextIO:
    """A file of separated values; bytes that are no UTF-8 cost a character, wherever they stand."""
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _json_rows(path: Path, skip: int) -> Rows:
    with path.open("rb") as file:
        for at, line in enumerate(filter(bytes.strip, file)):
            if at < skip:
                continue
            row = _json_row(line)
            if isinstance(row, ValueError) and not line.endswith(b"\n"):
                logger.warning("%s: its last line is not whole; read it again once it is", path)
                return
            yield row


def _json_row(line: bytes) -> Row | ValueError:
    try:
        row = orjson.loads(line.removeprefix(BOM_UTF8))
    except ValueError as error:
        return error
    return row if isinstance(row, dict) else ValueError("is no JSON object")


def _separated_rows(path: Path, skip: int) -> Rows:
    csv.field_size_limit(FIELD_MAX_CHARS)
    with _open_text(path) as file:
        rows = csv.DictReader(file, delimiter=SEPARATORS[path.suffix])
        at = 0
        while True:
            try:
                row: Row | ValueError = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                row = ValueError(str(error))
            if at >= skip:
                yield row
            at += 1


def _parquet_rows(path: Path, columns: Sequence[str], skip: int) -> Rows:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(READ_AT_ONCE, columns=list(columns)):
                yield from batch.slice(skip).to_pylist()
                skip = max(0, skip - len(batch))
    except (OSError, pa.ArrowException) as error:
        raise SourceSettingsError(f"{path} cannot be read to its end: {error}") from error
