"""Whether memory stays flat: a worker at a steady rate, with conversations that never cease coming.

Not for speed: the rate is given, and must be below what the worker can do.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from benchmarks.posts import WirePost, simulated_posts
from benchmarks.worker_memory import resident_mib
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import running_workers

SAMPLE_S: Final = 5.0
SETTLED: Final = 0.5  # of the time: by then all that a worker keeps, and bounds, is full
POSTS_A_CONVERSATION: Final = 12
_DISTINCT_POSTS: Final = 2048
_TICK_S: Final = 0.01
_DRAIN_S: Final = 120.0
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at everything.

    Attributes:
        at_s: seconds since the first post.
        sent: posts by then.
        counted: posts that Redis counts.
        worker_mib: resident memory of the worker and of its model's process.
        redis_mib: memory of the server.
    """

    at_s: float
    sent: int
    counted: int
    worker_mib: float
    redis_mib: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        rate: posts a second, as sent.
        seconds: how long.
        posts: sent; each was counted once.
        restarts: of the worker; 0 unless something is wrong.
        worker_mib_an_hour: slope of a straight line through the worker's memory, by least
            squares, over the samples past `SETTLED` of the time.
        worker_mib_range: lowest and highest of those samples.
        redis_bytes_a_post: growth of the server's memory over the same time, which is what its
            windows hold, by the posts of that time.
    """

    machine: Machine
    rate: float
    seconds: float
    posts: int
    restarts: int
    worker_mib_an_hour: float
    worker_mib_range: tuple[float, float]
    redis_bytes_a_post: float
    samples: Sequence[Sample]

    def show(self, console: Console) -> None:
        """Print a tenth of the samples and what they say."""
        table = Table(
            title=f"{self.posts:,} posts at {self.rate:,.0f}/s, all counted once",
            title_justify="left",
        )
        for column in ("s", "sent", "counted", "worker MiB", "Redis MiB"):
            table.add_column(column, justify="right")
        for each in self.samples[:: max(1, len(self.samples) // 10)]:
            table.add_row(
                f"{each.at_s:.0f}",
                f"{each.sent:,}",
                f"{each.counted:,}",
                f"{each.worker_mib:,.1f}",
                f"{each.redis_mib:,.1f}",
            )
        console.print(table)
        low, high = self.worker_mib_range
        console.print(
            f"worker, past {SETTLED:.0%} of the time: {low:,.1f} to {high:,.1f} MiB, "
            f"{self.worker_mib_an_hour:+,.1f} MiB an hour; Redis: {self.redis_bytes_a_post:,.0f} "
            f"bytes a post; {self.restarts} restarts",
            highlight=False,
        )
        console.print(str(self.machine), highlight=False)


class SoakError(Exception):
    """Posts were lost, counted twice, or not counted in time."""


def run(rate: float, seconds: float, progress: Progress) -> Figures:
    """Send posts at a steady rate to one worker and watch its memory.

    Args:
        rate: posts a second; every `POSTS_A_CONVERSATION` make a new conversation.
        seconds: how long, at least three samples.
        progress: told how far it is.

    Raises:
        SoakError: Redis does not count every post once.
    """
    machine = this_machine()
    posts = simulated_posts(_DISTINCT_POSTS, progress)
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        samples, restarts = asyncio.run(
            _soak(settings, posts, rate, seconds, Path(folder) / "soak", progress)
        )
    return _figures(machine, rate, seconds, samples, restarts)


def _figures(
    machine: Machine, rate: float, seconds: float, samples: Sequence[Sample], restarts: int
) -> Figures:
    settled = [each for each in samples if each.at_s >= SETTLED * seconds]
    memory = [each.worker_mib for each in settled]
    slope = float(np.polyfit([each.at_s for each in settled], memory, 1)[0])
    grown = settled[-1].redis_mib - settled[0].redis_mib
    counted = settled[-1].counted - settled[0].counted
    return Figures(
        machine=machine,
        rate=rate,
        seconds=seconds,
        posts=samples[-1].sent,
        restarts=restarts,
        worker_mib_an_hour=round(3600 * slope, 2),
        worker_mib_range=(min(memory), max(memory)),
        redis_bytes_a_post=round(grown * _MIB / max(1, counted), 1),
        samples=samples,
    )


async def _soak(
    settings: Settings,
    posts: Sequence[WirePost],
    rate: float,
    seconds: float,
    folder: Path,
    progress: Progress,
) -> tuple[list[Sample], int]:
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    async with (
        running_workers(settings, 1, folder) as workers,
        settings.redis_connection().open() as client,
        PostProducer(kafka, topic=settings.topic(POSTS)) as producer,
    ):
        await workers[0].wait_until_ready(kafka, settings.topic(settings.group), _DRAIN_S)
        reader = TrendReader(client, TrendLayout(settings.namespace()))
        since = min(each.post.created_at for each in posts)
        tracks = sorted({track for each in posts for track in each.post.tracks})
        sender = _Sender(producer, posts, rate)
        sending = asyncio.create_task(sender.send_for(seconds))

        async def look() -> Sample:
            series = [await reader.trends(track, since, time.time() + 1, "1d") for track in tracks]
            return Sample(
                at_s=round(sender.elapsed_s, 1),
                sent=sender.sent,
                counted=sum(each.total.posts for each in series),
                worker_mib=_resident_mib(workers[0]),
                redis_mib=round((await client.info("memory"))["used_memory"] / _MIB, 2),
            )

        samples = []
        while not sending.done():
            samples.append(await look())
            progress("Soaking", int(sender.elapsed_s), int(seconds))
            await asyncio.wait([sending], timeout=SAMPLE_S)
        await sending
        samples.append(await _drained(look))
        return samples, workers[0].restarts


async def _drained(look: Callable[[], Awaitable[Sample]]) -> Sample:
    """The first look at which every post is counted.

    Raises:
        SoakError: one is counted twice, or some are not counted in time.
    """
    last = await look()
    try:
        async with asyncio.timeout(_DRAIN_S):
            while last.counted < last.sent:
                await asyncio.sleep(1.0)
                last = await look()
    except TimeoutError:
        raise SoakError(f"{last.sent - last.counted} posts are not counted") from None
    if last.counted > last.sent:
        raise SoakError(f"{last.counted - last.sent} posts were counted twice")
    return last


def _resident_mib(worker: WorkerProcess) -> float:
    if worker.pid is None:
        raise SoakError(f"the worker ended, see {worker.log}")
    return round(resident_mib(worker.pid), 2)


class _Sender:
    """Sends posts over and over, in conversations that nobody had before."""

    def __init__(self, producer: PostProducer, posts: Sequence[WirePost], rate: float) -> None:
        self.sent = 0
        self._producer = producer
        self._documents = [orjson.loads(each.value) for each in posts]
        self._rate = rate
        self._began_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first post."""
        return time.monotonic() - self._began_s

    async def send_for(self, seconds: float) -> None:
        """Send at the rate; then wait until everything is delivered."""
        self._began_s = time.monotonic()
        while (elapsed_s := self.elapsed_s) < seconds:
            while self.sent < elapsed_s * self._rate:
                await self._producer.send_raw(*self._next())
            await asyncio.sleep(_TICK_S)
        await self._producer.flush()

    def _next(self) -> tuple[bytes, bytes]:
        name = f"soak-{self.sent % 100}-{self.sent // 100 // POSTS_A_CONVERSATION}"
        document = self._documents[self.sent % len(self._documents)] | {
            "conversation_id": name,
            "post_id": f"soak-{self.sent}",
            "parent_id": None,
            "created_at": time.time(),
        }
        self.sent += 1
        return name.encode(), orjson.dumps(document)
