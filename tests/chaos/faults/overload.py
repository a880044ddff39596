"""Posts come faster than the workers can take them, for minutes; with shedding they keep up."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psutil

from tests.chaos.findings import Shedding
from tests.chaos.posts import Place
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

LOOK_S: Final = 2.0
COMMIT_LOOK_S: Final = 0.1
CAPACITY_S: Final = 5.0
WAITING: Final = 3000  # posts, more than are done while capacity is measured
DONE_WITHIN_S: Final = 900.0
MEBIBYTE: Final = 1024 * 1024
GROWTH: Final = 1.25  # of memory, against the first seconds under the same load
SETTLING_PART: Final = 0.2  # in which batches reach their size and buffers fill
KEEPS_UP_S: Final = 10.0  # what comes in so many seconds is no lag that grows
SHORT_OF: Final = 5 / 6  # of the times that are wanted, less is another test


@dataclass(frozen=True, slots=True)
class Overload:
    """Several times what the workers manage; the rest waits in Kafka until more workers join.

    Args:
        seconds: of it.
        times: the workers' capacity, which is measured first.
        relief: workers that join at the end.
        shed: one conversation in so many is scored from the beginning of the overload on.
    """

    seconds: float
    times: float = 3.0
    relief: int = 2
    shed: int = 1

    @property
    def name(self) -> str:
        shedding = f", one conversation in {self.shed} scored" if self.shed > 1 else ""
        return f"{self.times:g} times capacity for {self.seconds:g} s{shedding}"

    async def strike(self, scene: Scene) -> None:
        usual = scene.feed.per_s
        capacity = await _capacity(scene)
        if self.shed > 1:
            await self._begin_to_shed(scene)
        scene.feed.per_s = self.times * capacity
        watch = Watch()
        sent_before, began_s = scene.feed.sent, time.monotonic()
        while time.monotonic() - began_s < self.seconds:
            await asyncio.sleep(LOOK_S)
            await watch.look(scene)
        offered = (scene.feed.sent - sent_before) / (time.monotonic() - began_s)
        scene.feed.per_s = usual
        recovered_s = await self._relieve(scene)
        scene.stuck += [*watch.grown(), *self.unmet(capacity, offered, watch.lags)]
        scene.found["overload"] = {
            "capacity_posts_per_s": round(capacity),
            "offered_posts_per_s": round(offered),
            "seconds": self.seconds,
            "one_in": self.shed,
            "workers_joined": self.relief,
            "done_after_s": recovered_s,
            **watch.document(),
        }

    def unmet(self, capacity: float, offered: float, lags: Sequence[int]) -> list[str]:
        """What is to be said where it was no overload, or the workers did not do what they must.

        Args:
            capacity: of the workers, posts/s.
            offered: what came, posts/s.
            lags: posts that waited, at each look.
        """
        said = []
        if offered < SHORT_OF * self.times * capacity:
            said.append(f"{offered:.0f} posts/s are no {self.times:g} times {capacity:.0f}")
        if self.shed > 1 and lags[-1] > KEEPS_UP_S * offered:
            said.append(f"{lags[-1]} posts wait although conversations are shed")
        if self.shed == 1 and lags[-1] - lags[0] < (offered - capacity) * self.seconds / 2:
            said.append(f"of what was too much only {lags[-1] - lags[0]} posts came to wait")
        return said

    async def _begin_to_shed(self, scene: Scene) -> None:
        """Start the workers again with another setting, while all that was sent is done."""
        async with scene.feed.paused():
            await scene.taken_over()
            scene.terms.shedding = Shedding(self.shed, scene.topic, await scene.ends())
            scene.environment["VOXPOP_SHED"] = str(self.shed)
            old = list(scene.crew.running())
            for member in old:
                await scene.crew.stop(member)
                scene.crew.join()
            await scene.ready(len(old))

    async def _relieve(self, scene: Scene) -> float:
        """Let workers join and wait until they keep up with what comes as usual; returns seconds.

        Raises:
            TimeoutError: they do not.
        """
        began_s = time.monotonic()
        for _ in range(self.relief):
            scene.crew.join()

        async def keep_up() -> bool:
            ends, done = await scene.ends(), await scene.committed()
            return _waiting(ends, done) <= KEEPS_UP_S * scene.feed.per_s

        if not await scene.until(keep_up, DONE_WITHIN_S):
            raise TimeoutError("the workers do not catch up")
        return round(time.monotonic() - began_s, 1)


class Watch:
    """What is seen of the workers while too much comes.

    Attributes:
        lags: posts that wait, at each look.
        memory_mib: of all workers, likewise.
        latencies_s: age of the newest post that is done, of each partition, likewise.
    """

    def __init__(self) -> None:
        self.lags: list[int] = []
        self.memory_mib: list[int] = []
        self.latencies_s: list[float] = []

    async def look(self, scene: Scene) -> None:
        """See how they are."""
        ends, done = await scene.ends(), await scene.committed()
        self.lags.append(_waiting(ends, done))
        self.memory_mib.append(_memory_mib(scene))
        self.latencies_s += _latencies_s(scene, done)

    def grown(self) -> list[str]:
        """What is to be said of memory that grew, if it did."""
        settled, last = self._settled(), self.memory_mib[-1]
        if last <= GROWTH * settled:
            return []
        return [f"memory of the workers grew from {settled} to {last} MiB"]

    def document(self) -> dict[str, object]:
        """For JSON.

        Raises:
            TimeoutError: of no post it was seen how old it was when it was done.
        """
        if not self.latencies_s:
            raise TimeoutError("no post was done in the overload whose age is known")
        return {
            "lag_posts": {"most": max(self.lags), "at_the_end": self.lags[-1]},
            "memory_mib": {
                "settled": self._settled(),
                "most": max(self.memory_mib),
                "at_the_end": self.memory_mib[-1],
            },
            "latency_s": {
                "median": statistics.median(self.latencies_s),
                "most": max(self.latencies_s),
            },
        }

    def _settled(self) -> int:
        return self.memory_mib[int(len(self.memory_mib) * SETTLING_PART)]


async def _capacity(scene: Scene) -> float:
    """Posts a second while more than enough wait, from one commit to a later one.

    Raises:
        TimeoutError: nothing is committed.
    """
    async with scene.feed.paused():
        await scene.feed.send(WAITING)
        before, began_s = await _next_commit(scene)
        await asyncio.sleep(CAPACITY_S)
        after, ended_s = await _next_commit(scene)
        return (after - before) / (ended_s - began_s)


async def _next_commit(scene: Scene) -> tuple[int, float]:
    """Wait for a commit; gives the posts that are done then, and when, monotonic seconds."""
    before = after = sum((await scene.committed()).values())
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while after == before:
            await asyncio.sleep(COMMIT_LOOK_S)
            after = sum((await scene.committed()).values())
    return after, time.monotonic()


def _waiting(ends: Mapping[int, int], done: Mapping[int, int]) -> int:
    """Posts of all partitions that are not done."""
    return sum(end - done.get(at, 0) for at, end in ends.items())


def _memory_mib(scene: Scene) -> int:
    return sum(map(_resident_bytes, scene.crew.pids())) // MEBIBYTE


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:  # it ended a moment ago
        return 0


def _latencies_s(scene: Scene, done: dict[int, int]) -> list[float]:
    """How long ago the last posts that are done came to Kafka, one for each partition."""
    now_ms = time.time() * 1000
    incarnation = next(iter(scene.ledger.placed)).topic_id  # none is made again in such a run
    last = [Place(incarnation, at, offset - 1) for at, offset in done.items()]
    came_ms = scene.ledger.came_ms
    return [round((now_ms - came_ms[place]) / 1000, 1) for place in last if place in came_ms]
