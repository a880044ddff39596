"""SIGTERM ends a run as an exception does, so that what it started is ended with it."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def end_on_sigterm() -> None:
    """From now on SIGTERM raises SystemExit in the main thread, with the shell's code for it."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
