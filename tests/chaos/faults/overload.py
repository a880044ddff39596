"""Posts come faster than the workers can take them, for minutes."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Final

import psutil

from tests.chaos.posts import Place
from tests.chaos.scene import Scene

LOOK_S: Final = 2.0
DONE_WITHIN_S: Final = 900.0
MEBIBYTE: Final = 1024 * 1024
GROWTH: Final = 1.25  # of memory, against the first seconds under the same load
SETTLING_PART: Final = 0.2  # in which batches reach their size and buffers fill


@dataclass(frozen=True, slots=True)
class Overload:
    """Three times what the workers manage; the rest waits in Kafka until more workers join.

    Args:
        seconds: of it.
        times: the workers' capacity, which is measured first.
        relief: workers that join at the end.
    """

    seconds: float
    times: float = 3.0
    relief: int = 2

    @property
    def name(self) -> str:
        return f"{self.times:g} times capacity for {self.seconds:g} s"

    async def strike(self, scene: Scene) -> None:
        usual = scene.feed.per_s
        capacity = await self._capacity(scene)
        scene.feed.per_s = self.times * capacity
        began_s = time.monotonic()
        lags, memory, latencies = [], [], []
        while time.monotonic() - began_s < self.seconds:
            await asyncio.sleep(LOOK_S)
            ends, done = await scene.ends(), await scene.committed()
            lags.append(sum(end - done.get(at, 0) for at, end in ends.items()))
            memory.append(_memory_mib(scene))
            latencies += _latencies_s(scene, done)
        scene.feed.per_s = usual
        recovered_s = await self._relieve(scene)
        settled = memory[int(len(memory) * SETTLING_PART)]
        if memory[-1] > GROWTH * settled:
            scene.stuck.append(f"memory of the workers grew from {settled} to {memory[-1]} MiB")
        scene.found["overload"] = {
            "capacity_posts_per_s": round(capacity),
            "seconds": self.seconds,
            "times": self.times,
            "lag_posts_at_the_end": lags[-1],
            "workers_joined": self.relief,
            "done_after_s": recovered_s,
            "memory_mib": {"settled": settled, "most": max(memory), "at_the_end": memory[-1]},
            "latency_s": {"median": statistics.median(latencies), "at_the_end": latencies[-1]},
        }

    async def _relieve(self, scene: Scene) -> float:
        """Let workers join and wait until no post waits; returns seconds.

        Raises:
            TimeoutError: some do.
        """
        began_s = time.monotonic()
        for _ in range(self.relief):
            scene.crew.join()
        if not await scene.done_up_to(await scene.ends(), DONE_WITHIN_S):
            raise TimeoutError("the workers do not catch up")
        return round(time.monotonic() - began_s, 1)

    async def _capacity(self, scene: Scene) -> float:
        """Posts a second while more than enough wait."""
        async with scene.feed.paused():
            await scene.feed.send(3000)
            before = sum((await scene.committed()).values())
            began_s = time.monotonic()
            await asyncio.sleep(5.0)
            after = sum((await scene.committed()).values())
            return (after - before) / (time.monotonic() - began_s)


def _memory_mib(scene: Scene) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in scene.crew.pids()) // MEBIBYTE


def _latencies_s(scene: Scene, done: dict[int, int]) -> list[float]:
    """How long ago the last posts that are done came to Kafka, one for each partition."""
    now_ms = time.time() * 1000
    (incarnation,) = {place.topic_id for place in scene.ledger.placed}
    last = [Place(incarnation, at, offset - 1) for at, offset in done.items()]
    came_ms = scene.ledger.came_ms
    return [round((now_ms - came_ms[place]) / 1000, 1) for place in last if place in came_ms]
