"""Fault points: places in a batch where a worker can be made to die, freeze, hang or fail.

A point is armed by a file, which the first worker that reaches the point takes; so this works
across processes and from one moment to the next. Nothing of it is in the product: `rigging` puts
the points around the parts of a test worker, and `model` before the answers of its model, whose
process then is the one that meets the action.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

FOLDER: Final = "VOXPOP_CHAOS_FOLDER"  # variable: where the points of a run are
POLL_S: Final = 0.02
TAKEN_WITHIN_S: Final = 60.0


class Action(StrEnum):
    """What happens to the worker that reaches the point."""

    KILL = "kill"
    FREEZE = "freeze"  # SIGSTOP: all of it stands still until it is sent SIGCONT
    HANG = "hang"  # this call alone waits, until the point is released
    FAIL = "fail"
    NAN = "nan"  # what the model says is not a number
    DROP = "drop"  # the records that it brings never arrive
    AGAIN = "again"  # they arrive twice


class PointFailure(Exception):  # noqa: N818 - an event that was asked for
    """A worker was made to fail at a point."""


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a run.

    Args:
        folder: shared by the run and its workers.
    """

    folder: Path

    def arm(self, point: str, action: Action) -> None:
        """The next worker that reaches the point meets the action."""
        self.release(point)
        draft = self.folder / f"{point}.draft"
        draft.write_text(action)
        draft.replace(self.folder / point)

    def disarm(self, point: str) -> None:
        """Nobody is to meet it any more."""
        (self.folder / point).unlink(missing_ok=True)

    def release(self, point: str) -> None:
        """Let a worker that hangs there go on."""
        self._taken(point).unlink(missing_ok=True)

    async def taken(self, point: str) -> int:
        """Wait until a process has met an armed point; returns its process id.

        Raises:
            TimeoutError: none reaches it.
        """
        async with asyncio.timeout(TAKEN_WITHIN_S):
            while not (text := _text(self._taken(point))).endswith("\n"):
                await asyncio.sleep(POLL_S)
        return int(text)

    async def reach(self, point: str) -> Action | None:
        """A worker comes by, on its event loop; returns what it met and has to do itself."""
        action = self._take(point)
        if action is Action.HANG:
            while self._taken(point).exists():
                await asyncio.sleep(POLL_S)
        return action

    def reach_now(self, point: str) -> Action | None:
        """The same in a thread, which stands still where it hangs."""
        action = self._take(point)
        if action is Action.HANG:
            while self._taken(point).exists():
                time.sleep(POLL_S)
        return action

    def _take(self, point: str) -> Action | None:
        armed, taken = self.folder / point, self._taken(point)
        if not armed.exists():
            return None
        own = self.folder / f"{point}.{os.getpid()}"
        try:
            armed.rename(own)
        except FileNotFoundError:  # another worker was faster
            return None
        action = Action(own.read_text())
        own.write_text(f"{os.getpid()}\n")
        own.rename(taken)
        if action is Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        elif action is Action.FREEZE:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif action is Action.FAIL:
            raise PointFailure(f"made to fail at {point!r}")
        return action

    def _taken(self, point: str) -> Path:
        return self.folder / f"{point}.taken"


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
