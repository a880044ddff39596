"""Tables of labelled posts as rows of strings, and what a cell may hold. Not for what rows mean."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import TrainingDataError
from models.training.corpus import NO_LABEL

_C1_CONTROLS = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        path: of the file.
        place: of the row, from 1.
        cells: column -> what stands there, "" for nothing.
    """

    path: Path
    place: int
    cells: Mapping[str, str]

    @property
    def where(self) -> str:
        """The file and the row, for messages."""
        return f"{self.path}, row {self.place}"

    def label(self, column: str, known: Mapping[str, int]) -> int:
        """The class that a cell names.

        Args:
            column: where to look.
            known: name -> class.

        Returns:
            The class; NO_LABEL for a blank cell.

        Raises:
            TrainingDataError: the name is not known.
        """
        name = self.cells[column]
        if not name:
            return NO_LABEL
        if name not in known:
            raise TrainingDataError(
                f"{self.where}: unknown {column} {name!r}; known: {', '.join(known)}, or blank"
            )
        return known[name]

    def whole_number(self, column: str) -> int:
        """The whole number in a cell.

        Raises:
            TrainingDataError: it holds something else.
        """
        try:
            return int(self.cells[column])
        except ValueError as error:
            raise TrainingDataError(
                f"{self.where}: {column} {self.cells[column]!r} is no whole number"
            ) from error

    def number(self, column: str) -> float:
        """The number in a cell, finite.

        Raises:
            TrainingDataError: it holds something else.
        """
        try:
            found = float(self.cells[column])
        except ValueError:
            found = float("nan")
        if not abs(found) < float("inf"):
            raise TrainingDataError(f"{self.where}: {column} {self.cells[column]!r} is no number")
        return found


def classes(names: Sequence[str]) -> dict[str, int]:
    """Name -> class, by place."""
    return {name: index for index, name in enumerate(names)}


def read_csv(path: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of a csv with a header line, in their order.

    Args:
        path: in UTF-8, or in Windows-1252 as old files are. Windows-1252 characters that a wrong
            conversion left as control characters become what they were, such as apostrophes.
        columns: those that must be there; others come along.

    Raises:
        TrainingDataError: no file, no csv, no rows, a column is missing, or a row has more or fewer
            cells than the header.
    """
    raw = _read_bytes(path)
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = raw.decode("cp1252", errors="replace")
    reader = csv.reader(io.StringIO(content.translate(_C1_CONTROLS), newline=""))
    try:
        names = next(reader, [])
        _require_columns(path, names, columns)
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise TrainingDataError(f"{path} cannot be read as a csv: {error}") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise TrainingDataError(
                f"{path}, row {number}: {len(row)} cells where the header has {len(names)}; "
                "a text with a comma, a quote or a line break must stand in quotes"
            )
    return _rows(path, [dict(zip(names, row, strict=True)) for row in rows])


def read_parquet(path: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of a parquet file, in their order, with these columns alone.

    Raises:
        TrainingDataError: no file, no parquet, no rows, or a column is missing.
    """
    if not path.is_file():
        raise TrainingDataError(f"no file {path}; give the path of the data's parquet file")
    try:
        _require_columns(path, pq.read_schema(path).names, columns)
        table = pq.read_table(path, columns=list(columns))
    except (pa.ArrowInvalid, OSError) as error:
        raise TrainingDataError(f"{path} cannot be read as parquet: {error}") from error
    cells = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return _rows(path, cells)


def require_values(path: Path, rows: Sequence[Row], column: str, wanted: Sequence[str]) -> None:
    """Raise TrainingDataError unless a column holds all of these values, and no others."""
    found = {row.cells[column] for row in rows}
    unknown, absent = sorted(found - set(wanted)), sorted(set(wanted) - found)
    if unknown or absent:
        raise TrainingDataError(
            f"{path}: column {column} must hold {', '.join(wanted)}; "
            f"unknown: {unknown or 'none'}, missing: {absent or 'none'}"
        )


def require_once(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Raise TrainingDataError where two rows hold the same in all of these columns."""
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(row.cells[column] for column in columns)
        first = seen.setdefault(key, row)
        if first is not row:
            told = ", ".join(f"{name} {own}" for name, own in zip(columns, key, strict=True))
            raise TrainingDataError(
                f"{row.where}: {told} was there before, in row {first.place}; "
                "leave one out, or name its conversation otherwise"
            )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise TrainingDataError(f"no file {path}; give the path of the data's csv") from error
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be read: {error}") from error


def _require_columns(path: Path, found: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in found]
    if missing:
        raise TrainingDataError(
            f"{path}: no column {', '.join(missing)}; found {', '.join(found) or 'none'}"
        )


def _rows(path: Path, cells: Sequence[Mapping[str, str]]) -> list[Row]:
    if not cells:
        raise TrainingDataError(f"{path} has no rows")
    return [Row(path, number, own) for number, own in enumerate(cells, start=1)]
