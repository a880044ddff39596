"""Looks at a running pipeline from outside: who used how much, and what was done with it.

Workers and servers by the system's clocks, batches by the workers' own metrics, calls by Redis'
statistics. Not for what comes of two looks: that is `measured`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psutil
import redis.asyncio

from benchmarks import processor_time
from benchmarks.worker_metrics import scrape
from connectors.trends.layout import TrendLayout
from connectors.trends.series import counts
from stream_app.capacity.simulated_model import MODEL
from stream_app.capacity.simulated_worker import LOOP, OTHER_THREADS
from stream_app.capacity.simulation import PRODUCER
from stream_app.trial.worker_process import WorkerProcess

NAMES: Final[Mapping[str, str]] = {
    processor_time.EVENT_LOOP: LOOP,
    processor_time.OTHER_THREADS: OTHER_THREADS,
    processor_time.PROCESSES: MODEL,
    "Kafka": "Kafka",
    "Valkey": "Redis",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A look.

    Attributes:
        at_s: monotonic seconds.
        counted: posts whose last effect is done.
        used_ms: whose -> milliseconds of a core so far, as `Outcome` names them.
        machine_ms: all that the machine's cores did so far, for whomever.
        batches: formed so far; `posts` in them.
        portions: decoded so far.
        infer_ms: waited for scores so far; `inferred` batches.
        calls: Redis command -> calls so far.
        redis_bytes: sent to Redis so far.
        polls: looks at the fences so far.
    """

    at_s: float
    counted: int
    used_ms: Mapping[str, float]
    machine_ms: float
    batches: float
    posts: float
    portions: float
    infer_ms: float
    inferred: float
    calls: Mapping[str, int]
    redis_bytes: int
    polls: int


class Sampler:
    """Takes looks at one run.

    Args:
        client: of its Redis.
        layout: names of its keys.
        tracks: that posts are in.
        source: what fence fields of its topic begin with.
        workers: its processes.
        ports: of their metrics.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        layout: TrendLayout,
        tracks: Sequence[str],
        source: str,
        workers: Sequence[WorkerProcess],
        ports: Sequence[int],
    ) -> None:
        self._client = client
        self._layout = layout
        self._tracks = tracks
        self._source = source
        self._workers = workers
        self._ports = ports
        self.polls = 0

    async def counted(self) -> int:
        """Posts counted: every partition is done up to its furthest fence."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for track in self._tracks:
                pipeline.hgetall(self._layout.fence(track))
            fences = await pipeline.execute()
        self.polls += 1
        furthest: dict[str, int] = {}
        for held in fences:
            for field, offset in counts(held).items():
                if field.startswith(self._source):
                    furthest[field] = max(offset, furthest.get(field, -1))
        return sum(offset + 1 for offset in furthest.values())

    async def look(self) -> Sample:
        """One look."""
        counted = await self.counted()
        metrics = await asyncio.gather(*(asyncio.to_thread(scrape, port) for port in self._ports))
        commands = await self._client.info("commandstats")
        stats = await self._client.info("stats")
        return Sample(
            at_s=time.monotonic(),
            counted=counted,
            used_ms=_used_ms(self._workers),
            machine_ms=_machine_ms(),
            batches=sum(each["voxpop_batch_posts_count"] for each in metrics),
            posts=sum(each["voxpop_batch_posts_sum"] for each in metrics),
            portions=sum(each.get("decode_count", 0.0) for each in metrics),
            infer_ms=1000 * sum(each.get("infer_sum", 0.0) for each in metrics),
            inferred=sum(each.get("infer_count", 0.0) for each in metrics),
            calls={
                name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in commands.items()
            },
            redis_bytes=int(stats["total_net_input_bytes"]),
            polls=self.polls,
        )


def used_between(first: Sample, last: Sample) -> dict[str, float]:
    """Whose -> milliseconds of a core between two looks."""
    return {whose: spent - first.used_ms[whose] for whose, spent in last.used_ms.items()}


def _used_ms(workers: Sequence[WorkerProcess]) -> dict[str, float]:
    seconds = processor_time.processor_seconds(workers)
    times = psutil.Process().cpu_times()
    return {
        **{name: 1000 * seconds.get(whose, 0.0) for whose, name in NAMES.items()},
        PRODUCER: 1000 * (times.user + times.system),
    }


def _machine_ms() -> float:
    times = psutil.cpu_times()
    return 1000 * (sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)
