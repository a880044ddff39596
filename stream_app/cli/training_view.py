"""What a training run shows, and how signals end it. Not for training: `models.training`."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from models.training.logs import TensorBoardLog
from models.training.loop import Observer, StepReport
from models.training.run import LOG_FOLDER
from models.training.state import EpochReport
from models.training.written import RUN_FOLDER
from stream_app.cli.progress import PlainProgress

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int | None


class TrainingView:
    """Bars on standard error, a line an epoch, event files; a context manager.

    Where there is no terminal, lines take the place of the bars.

    The first signal after the first step ends the run where it can go on; any other one at once.

    Args:
        out: folder of the run.

    Attributes:
        signal: the last one that came; 0: none.
    """

    def __init__(self, out: Path) -> None:
        self.signal = 0
        self._log = TensorBoardLog(out / RUN_FOLDER / LOG_FOLDER)
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._plain = None if self._console.is_terminal else PlainProgress(self._console)
        self._tasks: dict[str, TaskID] = {}
        self._has_stepped = False
        self._before: dict[int, _Handler] = {}

    @property
    def observers(self) -> Sequence[Observer]:
        """What the run tells how it goes."""
        return (self, self._log)

    def is_stopping(self) -> bool:
        """Whether a signal asked the run to end."""
        return self.signal != 0

    def show(self, what: str, done: int, total: int) -> None:
        """Draw how far the preparation is."""
        self._draw(what, done, total, "")

    def stepped(self, report: StepReport) -> None:
        """Draw a step; the estimate of the time left takes every epoch to be trained."""
        self._has_stepped = True
        told = f"epoch {report.epoch}, loss {report.mean_loss:.3f}"
        self._draw("training", report.done, report.total, told)

    def ended_epoch(self, report: EpochReport) -> None:
        """Print how an epoch went."""
        mark = ", best so far" if report.best else ""
        self._console.print(
            f"epoch {report.epoch}: loss {report.loss:.3f}, "
            f"validation {report.validation:.4f}{mark}",
            highlight=False,
        )

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
        self._log.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _draw(self, what: str, done: int, total: int, told: str) -> None:
        if self._plain is not None:
            self._plain(what, done, total, told)
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total, told=told)
        self._bars.update(self._tasks[what], completed=done, total=total, told=told)

    def _take(self, number: int, _: FrameType | None) -> None:
        at_once = self.signal != 0 or not self._has_stepped
        self.signal = number
        if at_once:
            raise KeyboardInterrupt
        self._console.print("ending after this step; once more ends at once", highlight=False)
