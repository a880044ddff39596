"""The steady part of a run: neither its start nor its tail. Pure."""

from collections.abc import Sequence
from typing import Final

STEADY: Final = (0.1, 0.9)  # of the posts


class BenchmarkStoppedError(Exception):
    """What is measured stands still, or is over before it can be measured."""


def steady_rate(samples: Sequence[tuple[float, int]], total: int) -> float:
    """Posts a second between the first samples past each end of `STEADY`.

    Args:
        samples: seconds and how many posts were counted by then, ascending.
        total: posts in the backlog, reached by the last sample.

    Raises:
        BenchmarkStoppedError: one sample is past both ends.
    """
    first, last = (samples[at] for at in steady_ends(samples, total))
    return (last[1] - first[1]) / (last[0] - first[0])


def steady_ends(samples: Sequence[tuple[float, int]], total: int) -> tuple[int, int]:
    """Places of the first samples past each end of `STEADY`.

    Args:
        samples: as for `steady_rate`.
        total: as for `steady_rate`.

    Raises:
        BenchmarkStoppedError: one sample is past both ends.
    """
    first, last = (
        next(at for at, (_, counted) in enumerate(samples) if counted >= share * total)
        for share in STEADY
    )
    if last == first:
        raise BenchmarkStoppedError("too few posts to measure: all were counted at once")
    return first, last
