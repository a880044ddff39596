"""How long batches are in each stage of a worker, by its own histograms.

Time that passes, in which a batch waits too; who used the processor is `processor_time`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.steady import BenchmarkStoppedError
from benchmarks.worker_metrics import scrape

ORDER: Final = ("decode", "wait", "assemble", "encode", "infer", "fix", "deliver", "count")
BATCHES: Final = "voxpop_batch_posts_count"
POSTS: Final = "voxpop_batch_posts_sum"


@dataclass(frozen=True, slots=True)
class Stages:
    """Means of the batches formed between two looks.

    Attributes:
        posts: in a batch.
        ms: stage, in the order a batch goes through them -> milliseconds; of `wait`, how long the
            first post of a batch waited for it.
    """

    posts: float
    ms: Mapping[str, float]


async def look(ports: Sequence[int]) -> Mapping[str, float]:
    """Sums over workers since their start, for `between`.

    Args:
        ports: of the workers' metrics.

    Raises:
        OSError: a worker does not answer.
    """
    shown = await asyncio.gather(*(asyncio.to_thread(scrape, port) for port in ports))
    return {name: sum(each.get(name, 0.0) for each in shown) for name in _NAMES}


def between(first: Mapping[str, float], last: Mapping[str, float]) -> Stages:
    """What came of the batches between two looks; since the start where the first one is empty.

    Raises:
        BenchmarkStoppedError: a worker was started again meanwhile.
    """
    added = {name: last.get(name, 0.0) - first.get(name, 0.0) for name in _NAMES}
    if min(added.values()) < 0:
        raise BenchmarkStoppedError("a worker was started again, and what it had measured is gone")
    batches = max(1.0, added[BATCHES])
    return Stages(
        posts=round(added[POSTS] / batches, 1),
        ms={stage: round(1000 * added[_seconds(stage)] / batches, 2) for stage in ORDER},
    )


def middle(runs: Sequence[Stages]) -> Stages:
    """Medians, each figure by itself."""
    return Stages(
        posts=median(each.posts for each in runs),
        ms={stage: median(each.ms[stage] for each in runs) for stage in ORDER},
    )


def _seconds(stage: str) -> str:
    return f"{stage}_sum"


_NAMES: Final = (BATCHES, POSTS, *map(_seconds, ORDER))
