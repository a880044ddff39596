"""Figures that `make bench` left, a file for each command. Not how they look."""

from pathlib import Path
from typing import TypeVar

import msgspec

Measured = TypeVar("Measured")


class FiguresError(Exception):
    """A file of figures cannot be read; the message says which and why."""


class Folder:
    """Figures as `voxpop bench … --json` writes them, a file for each command.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, name: str) -> bool:
        """Whether a command left its figures."""
        return self._file(name).is_file()

    def read(self, name: str, kind: type[Measured]) -> Measured:
        """Figures of a command.

        Raises:
            FiguresError: they cannot be read, or are of another version.
        """
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError) as error:
            raise FiguresError(f"{self._file(name)}: {error}; measure again") from error

    def _file(self, name: str) -> Path:
        return self._path / f"{name}.json"
