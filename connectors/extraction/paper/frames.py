"""Tables of frames, as COVAREP and Facet write them, and the steps of a stretch of time.

Not for what their columns mean.

Sources: Degottex et al. 2014, ICASSP, 960-964 (COVAREP); iMotions' Facet, which is no longer sold.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.paper.errors import FeatureFileError

COVAREP_PER_S: Final = 100.0
FACET_PER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of one recording.

    Attributes:
        times_s: of each, from the recording's begin, never falling, [frames].
        values: [frames, width]; NaN where it was not measured.
    """

    times_s: NDArray[np.float64]
    values: NDArray[np.float32]

    @classmethod
    def read(cls, path: Path, width: int, per_s: float) -> Self:
        """Read a table of commas, a frame a line, with or without a line of names above.

        Args:
            path: with `width` columns, frames following one another, or one more, the first
                being the frame's time in seconds.
            width: columns of features.
            per_s: frames a second where there is no time.

        Raises:
            FeatureFileError: a line has another number of columns, what is no number, or a time
                before that of the line above.
            OSError: the file cannot be read.
        """
        rows: list[list[float]] = []
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                cells = line.strip().split(",")
                if cells == [""]:
                    continue
                if len(cells) not in {width, width + 1} or (rows and len(cells) != len(rows[0])):
                    needed = f"{width}, or {width + 1} with the time before them"
                    raise FeatureFileError(
                        path, number, f"{needed}, columns are needed; {len(cells)} are there"
                    )
                if number == 1 and not _is_number(cells[0]):
                    continue
                rows.append(_numbers(path, number, cells))
                if len(cells) > width and (
                    not np.isfinite(rows[-1][0]) or rows[-1][0] < rows[max(0, len(rows) - 2)][0]
                ):
                    raise FeatureFileError(path, number, f"time {cells[0]} is before the last")
        if not rows:
            raise FeatureFileError(path, None, "has no frame")
        table = np.array(rows)
        times = table[:, 0] if table.shape[1] > width else np.arange(len(rows)) / per_s
        values = table[:, -width:]
        return cls(times, np.where(np.isfinite(values), values, np.nan).astype(np.float32))

    def steps(self, start_s: float, end_s: float, max_steps: int) -> NDArray[np.float32]:
        """The frames of a stretch of time, each step the mean of as many as any other, or one more.

        Args:
            start_s: seconds; frames from there on,
            end_s: and before there.
            max_steps: where there are fewer frames, each is a step.

        Returns:
            [steps, width], no step where there is no frame; 0 where a column was not measured.
        """
        begin, end = np.searchsorted(self.times_s, [start_s, end_s])
        frames = self.values[begin:end]
        count = min(max_steps, len(frames))
        if count == 0:
            return np.empty((0, self.values.shape[1]), dtype=np.float32)
        known = ~np.isnan(frames)
        edges = np.arange(count) * len(frames) // count
        sums = np.add.reduceat(np.where(known, frames, 0).astype(np.float64), edges)
        means = sums / np.maximum(np.add.reduceat(known.astype(np.int64), edges), 1)
        return means.astype(np.float32)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(path: Path, number: int, cells: list[str]) -> list[float]:
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in cells]
    except ValueError as error:
        raise FeatureFileError(path, number, str(error)) from error
