"""The place where a source's cursor outlives its process: one small JSON file, one owner.

Not for what a cursor means: that is the source's own.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.sources.errors import CursorError
from connectors.sources.items import Cursor


class SavedState(BaseModel):
    """What is kept between two runs.

    Attributes:
        source: name of the source that the cursor belongs to.
        cursor: from where it goes on; None before the first checkpoint.
        seen: ids of the last posts, see `SeenPosts`.
        next_offsets: partition of `posts.raw` -> the offset behind all that the cursor covers.
        ended: whether the run ended in good order, so that nothing lies behind those offsets.
    """

    model_config = ConfigDict(extra="ignore")

    version: int = Field(default=1, ge=1, le=1)
    source: str
    cursor: Cursor | None = None
    seen: str = ""
    next_offsets: dict[int, int] = Field(default_factory=dict)
    ended: bool = False


class CursorFile:
    """Reads and replaces the file, whole or not at all; a context that keeps others away.

    Args:
        path: of the file; its folder is made.
        source: name of the source; a file of another is refused.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source

    def __enter__(self) -> Self:
        """Lock it.

        Raises:
            CursorError: another process has it, or its folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._path.with_name(self._path.name + ".lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise CursorError(
                f"{self._path} belongs to an ingest that runs now: stop that one, or give this "
                "one a file of its own by --cursor"
            ) from error
        except OSError as error:
            raise CursorError(f"{self._path} cannot be written: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let others have it."""
        self._lock.close()

    def load(self) -> SavedState | None:
        """What the last run kept; None where there was none.

        Raises:
            CursorError: it cannot be read, or belongs to another source.
        """
        remedy = "to begin anew, move it away"
        try:
            state = SavedState.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise CursorError(f"{self._path} holds no cursor; {remedy}") from error
        if state.source != self._source:
            raise CursorError(
                f"{self._path} is the cursor of {state.source}, not of {self._source}; {remedy}"
            )
        return state

    def save(self, state: SavedState) -> None:
        """Replace what is there; after a crash either the old or the new is there.

        Raises:
            CursorError: it cannot be written.
        """
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("wb") as file:
                file.write(orjson.dumps(state.model_dump(), option=orjson.OPT_NON_STR_KEYS))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise CursorError(f"{self._path} cannot be written: {error}") from error
