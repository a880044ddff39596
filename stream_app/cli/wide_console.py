"""Where wide tables go: as wide as the terminal, and wide enough where there is none."""

import sys
from typing import Final

from rich.console import Console

_IN_A_FILE: Final = 180  # columns


def wide_console() -> Console:
    """Standard output; a file or a pipe gets lines of a width that no table needs to wrap."""
    return Console(width=None if sys.stdout.isatty() else _IN_A_FILE)
