"""What is wrong with rules of tracks, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class QueryError(ValueError):
    """A query cannot be read.

    Args:
        message: what is wrong and what to write instead.
        position: character of the query at which it is wrong, from 0.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file.

    Attributes:
        line, column: from 1, as editors count.
    """

    path: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class TracksError(ValueError):
    """A file of tracks cannot be used; its text has a line for each problem, first to last."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda own: (own.line, own.column))
        super().__init__("\n".join(map(str, self.problems)))
