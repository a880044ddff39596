"""Draws the local stack's progress on standard error; what a command prints stays on its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from deploy.local.progress import Progress

LINES_A_STEP: Final = 20  # at most, where there is no terminal


@contextmanager
def drawn_progress() -> Iterator[Progress]:
    """A progress that shows a bar for each step; plain lines where there is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainProgress(console)
        return
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield draw


class PlainProgress:
    """Lines where there is no terminal: at most 20 a step, beside its beginning.

    Args:
        console: that prints them.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, int] = {}

    def __call__(self, step: str, done: int, total: int, told: str = "") -> None:
        """Print how far a step is, and what is told of it, if it is time to."""
        part = LINES_A_STEP * done // max(1, total)
        if self._said.get(step) != part or done == 0:
            self._said[step] = part
            more = f", {told}" if told else ""
            self._console.print(f"{step} {done}/{total}{more}", highlight=False)
