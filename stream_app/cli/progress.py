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
        yield _plain(console)
        return
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield draw


def _plain(console: Console) -> Progress:
    said: dict[str, int] = {}

    def say(step: str, done: int, total: int) -> None:
        part = LINES_A_STEP * done // max(1, total)
        if said.get(step) != part or done == 0:
            said[step] = part
            console.print(f"{step} {done}/{total}", highlight=False)

    return say
