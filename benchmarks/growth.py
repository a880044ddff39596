"""What many conversations cost: memory for each, and how long a crashed worker is away.

The windows of all conversations lie in Redis, as a worker would have left them; a worker scores
posts of some, is killed, and goes on. Not for the length of windows: that is `window_lengths`.
"""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import orjson
import psutil
import redis.asyncio
from rich.console import Console
from rich.table import Table

from benchmarks.crowd import TRACK, Crowd, conversation_id
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from benchmarks.worker_memory import resident_mib
from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, describe_topic, voxpop_topics
from connectors.schemas.kept_post import kept_post
from connectors.schemas.prediction import read_prediction
from connectors.trends.layout import TrendLayout
from deploy.local.progress import Progress
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import worker_process

CONVERSATIONS: Final = (1_000, 100_000, 1_000_000)
_DISTINCT_POSTS: Final = 512
_WRITTEN_AT_ONCE: Final = 256
_READY_WITHIN_S: Final = 120.0
_POLL_S: Final = 0.02
_SAID: Final = "neutral"  # of every post before the first crash; no score depends on it


@dataclass(frozen=True, slots=True)
class Growth:
    """One number of conversations.

    Attributes:
        conversations: whose windows lie in Redis.
        redis_bytes: memory of the server for each.
        worker_mib: resident memory of the worker, and of its model's process, after the last crash.
        ready_s: seconds from each SIGKILL until posts of `WATCHED` conversations, sent meanwhile,
            were scored, delivered and counted.
        ready_median_s: their median.
        furthest: largest difference of a probability from one pass over the whole conversation.
    """

    conversations: int
    redis_bytes: float
    worker_mib: float
    ready_s: Sequence[float]
    ready_median_s: float
    furthest: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        posts_each: posts of every conversation before the first crash.
    """

    machine: Machine
    model: str
    posts_each: int
    growth: Sequence[Growth]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"conversations of {self.posts_each} posts, {self.model}", title_justify="left"
        )
        for column in (
            "conversations",
            "bytes each in Redis",
            "GiB",
            "worker MiB",
            "s from crash to ready",
            "runs",
            "furthest probability",
        ):
            table.add_column(column, justify="right")
        for each in self.growth:
            table.add_row(
                f"{each.conversations:,}",
                f"{each.redis_bytes:,.0f}",
                f"{each.redis_bytes * each.conversations / 2**30:.2f}",
                f"{each.worker_mib:,.0f}",
                f"{each.ready_median_s:.1f}",
                ", ".join(f"{seconds:.1f}" for seconds in each.ready_s),
                f"{each.furthest:.6f}",
            )
        console.print(table)
        console.print(str(self.machine), highlight=False)


def run(conversations: Sequence[int], posts_each: int, crashes: int, progress: Progress) -> Figures:
    """Measure, each number of conversations with topics and a worker of its own.

    Args:
        conversations: how many, in turn; at least `WATCHED` each.
        posts_each: posts in the window of each; with one more a crash it must not be full.
        crashes: of the worker, for each number of conversations.
        progress: told how far it is.
    """
    machine = this_machine()
    posts = simulated_posts(_DISTINCT_POSTS, progress)
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        engine = settings.load_engine()
        growth = []
        for count in conversations:
            prefix = f"{settings.topic_prefix}{count}-"
            own = settings.model_copy(update={"topic_prefix": prefix})
            crowd = Crowd(own, engine, posts, count, posts_each)
            growth.append(asyncio.run(_measure(crowd, Path(folder) / prefix, crashes, progress)))
    return Figures(machine, engine.version, posts_each, growth)


async def _measure(crowd: Crowd, folder: Path, crashes: int, progress: Progress) -> Growth:
    settings = crowd.settings
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix, partitions=1))
    topic = settings.topic(POSTS)
    source = SourcePartition(topic, (await describe_topic(kafka, topic)).topic_id, 0)
    worker = worker_process(settings, folder)
    ready_s = []
    async with (
        settings.redis_connection().open() as client,
        PostProducer(kafka, topic=topic) as producer,
    ):
        redis_bytes = await _fill(crowd, client, source, progress)
        try:
            worker.start()
            await _score_next(crowd, producer, client, source)
            for _ in range(crashes):
                began = _kill(worker)
                worker.start()
                await _score_next(crowd, producer, client, source)
                ready_s.append(round(time.monotonic() - began, 2))
            worker_mib = resident_mib(_pid(worker))
        finally:
            worker.stop()
    found = [
        read_prediction(orjson.loads(record.value))
        async for record in read_topic(kafka, settings.topic(PREDICTIONS))
        if record.value
    ]
    return Growth(
        conversations=crowd.conversations,
        redis_bytes=round(redis_bytes, 1),
        worker_mib=round(worker_mib, 1),
        ready_s=ready_s,
        ready_median_s=median(ready_s),
        furthest=crowd.furthest({each.post_id: each for each in found}),
    )


async def _fill(
    crowd: Crowd, client: redis.asyncio.Redis, source: SourcePartition, progress: Progress
) -> float:
    """Write the windows of all conversations; bytes of the server's memory for each."""
    settings = crowd.settings
    store = PartitionStore(client, namespace=settings.namespace(), window=settings.window)
    before = (await client.info("memory"))["used_memory"]
    for first in range(0, crowd.conversations, _WRITTEN_AT_ONCE):
        progress("Writing windows", first, crowd.conversations)
        numbers = range(first, min(first + _WRITTEN_AT_ONCE, crowd.conversations))
        windows = {
            conversation_id(number): [kept_post(own, _SAID) for own in crowd.window(number)]
            for number in numbers
        }
        await store.fix([BatchToFix(source, first, numbers[-1], b"", windows)])
    await client.delete(store.intent_key(source))  # the worker begins at offset 0
    after = (await client.info("memory"))["used_memory"]
    return float((after - before) / crowd.conversations)


async def _score_next(
    crowd: Crowd, producer: PostProducer, client: redis.asyncio.Redis, source: SourcePartition
) -> None:
    """Send one more post of each watched conversation, and wait until all are counted."""
    deliveries = [await producer.send_raw(key, value) for key, value in crowd.next_posts()]
    last = max(delivery.offset for delivery in await asyncio.gather(*deliveries))
    fence = TrendLayout(crowd.settings.namespace()).fence(TRACK)
    async with asyncio.timeout(_READY_WITHIN_S):
        # a fence that moves sets no event
        while int(await client.hget(fence, source.field) or -1) < last:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)


def _kill(worker: WorkerProcess) -> float:
    """End it as a crash does; the moment, monotonic seconds."""
    process = psutil.Process(_pid(worker))
    os.kill(process.pid, signal.SIGKILL)
    began = time.monotonic()
    process.wait()
    return began


def _pid(worker: WorkerProcess) -> int:
    if worker.pid is None:
        raise RuntimeError(f"the worker ended by itself, see {worker.log}")
    return worker.pid
