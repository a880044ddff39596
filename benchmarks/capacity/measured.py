"""Runs a load through real servers and real workers, and says what came of it.

Not for the simulation of the same: that is `stream_app.capacity.simulation`.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.capacity.posts import posts_of
from benchmarks.capacity.sampling import Sample, Sampler, used_between
from benchmarks.capacity.servers import apart
from benchmarks.paced import SETTLING_S, paced_latency
from benchmarks.posts import WirePost
from benchmarks.steady import BenchmarkStoppedError
from connectors.conversations.source import SourcePartition
from connectors.kafka.metadata import describe_topics
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from deploy.local.processes import free_ports
from stream_app.capacity.load import Load
from stream_app.capacity.outcome import Outcome
from stream_app.capacity.simulation import STEADY
from stream_app.settings import Settings
from stream_app.trial.worker_process import WorkerProcess, worker_environment

BACKLOG_LOOK_S: Final = 0.2
NO_PROGRESS_S: Final = 120.0
WARM_UP: Final = Load("warm-up", posts=4000, batch_max=16)
READY_S: Final = 120.0
# called once a piece and once a track call; once a track call; once a window read
FENCES, COUNT, READ = "hmget", "time", "lrange"
RANKS: Final = ("p50", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a real run.

    Attributes:
        outcome: to be compared with a simulated one.
        seconds: of its judged part.
        posts: counted in it; `sent` posts were appended in it.
        batches: concluded in it; `pieces`, `calls`, `portions`, `reads` and `polls` likewise, see
            `Costs`.
        redis_bytes: sent to Redis.
        others_ms: what the machine's cores did for nobody of the pipeline.
        used_ms: whose -> milliseconds of a core.
        behind_s: seconds after the last post until all were visible; None for a backlog.
    """

    load: Load
    outcome: Outcome
    seconds: float
    posts: int
    sent: int
    batches: float
    pieces: int
    calls: int
    portions: float
    reads: int
    polls: int
    redis_bytes: int
    others_ms: float
    used_ms: Mapping[str, float]
    behind_s: float | None


def warm_up(settings: Settings, made: Sequence[WirePost], folder: Path) -> None:
    """Run a load that nobody looks at.

    A broker that has just begun compiles its code while it serves: it used half as much again in
    its first run as later.

    Args:
        settings: of the servers.
        made: posts whose features are taken.
        folder: for the worker.

    Raises:
        BenchmarkStoppedError: the worker stands still.
    """
    measure(WARM_UP, apart(settings, "warm-up"), made, folder / "warm-up")


def measure(load: Load, settings: Settings, made: Sequence[WirePost], folder: Path) -> Measured:
    """Run a load, with topics and workers of its own.

    Args:
        load: at a rate, its `settling_s` must be that of `benchmarks.paced`.
        settings: of the servers; its topic prefix is used by nobody else.
        made: posts whose features are taken.
        folder: for the workers; made here.

    Raises:
        BenchmarkStoppedError: the workers stand still.
    """
    return asyncio.run(_measure(load, settings, made, folder))


async def _measure(
    load: Load, settings: Settings, made: Sequence[WirePost], folder: Path
) -> Measured:
    kafka, topic = settings.kafka_connection(), settings.topic(POSTS)
    await create_topics(kafka, voxpop_topics(settings.topic_prefix, load.partitions))
    topic_id = (await describe_topics(kafka, [topic]))[topic].topic_id
    source = SourcePartition(topic, topic_id, 0).field.removesuffix("0")
    count = load.posts if load.rate is None else int(load.rate * (load.seconds + SETTLING_S))
    posts = posts_of(load, made, count)
    if load.rate is None:
        async with PostProducer(kafka, topic=topic) as producer:
            for each in posts:
                await producer.send_raw(each.key, each.value)
    tracks = sorted({track for each in posts for track in each.post.tracks})
    async with (
        _workers(load, settings, folder) as (workers, ports),
        settings.redis_connection().open() as client,
    ):
        layout = TrendLayout(settings.namespace())
        sampler = Sampler(client, layout, tracks, source, workers, ports)
        if load.rate is None:
            samples = await _backlog(sampler, load)
            return _told(load, samples, {}, None)
        for worker in workers:
            await worker.wait_until_ready(kafka, settings.topic(settings.group), READY_S)
        return await _paced(sampler, settings, load, load.rate, posts)


async def _backlog(sampler: Sampler, load: Load) -> tuple[Sample, Sample]:
    """Watch until nine tenths are counted; the looks at a tenth and then."""
    clock = asyncio.get_running_loop().time
    moved_s, before = clock(), 0
    first: Sample | None = None
    while (counted := await sampler.counted()) < STEADY[1] * load.posts:
        if first is None and counted >= STEADY[0] * load.posts:
            first = await sampler.look()
        if counted > before:
            moved_s, before = clock(), counted
        elif clock() - moved_s > NO_PROGRESS_S:
            raise BenchmarkStoppedError(
                f"{load.name}: {counted} of {load.posts} posts are counted, and nothing has moved "
                f"for {NO_PROGRESS_S:.0f} s"
            )
        await asyncio.sleep(BACKLOG_LOOK_S)
    if first is None:
        raise BenchmarkStoppedError(f"{load.name}: too few posts to measure")
    return first, await sampler.look()


async def _paced(
    sampler: Sampler, settings: Settings, load: Load, rate: float, posts: Sequence[WirePost]
) -> Measured:
    sending = asyncio.create_task(paced_latency(settings, posts, rate, load.seconds))
    await asyncio.sleep(SETTLING_S)
    first = await sampler.look()
    await asyncio.sleep(load.seconds)
    last = await sampler.look()
    found = dict(await sending)
    behind_s = found.pop("behind_s")
    return _told(load, (first, last), found, behind_s)


def _told(
    load: Load,
    samples: tuple[Sample, Sample],
    latency_ms: Mapping[str, float | None],
    behind_s: float | None,
) -> Measured:
    first, last = samples
    seconds, posts = last.at_s - first.at_s, last.counted - first.counted
    if posts <= 0:
        raise BenchmarkStoppedError(f"{load.name}: nothing was counted in {seconds:.1f} s")
    used = used_between(first, last)
    batches = last.batches - first.batches
    fenced, calls, reads = (
        last.calls.get(each, 0) - first.calls.get(each, 0) for each in (FENCES, COUNT, READ)
    )
    pieces, portions = fenced - calls, last.portions - first.portions
    outcome = Outcome(
        rate=posts / seconds,
        core_ms={whose: spent / posts for whose, spent in used.items()},
        busy=sum(used.values()) / (1000 * seconds * (os.cpu_count() or 1)),
        latency_ms=latency_ms,
        batch=(last.posts - first.posts) / max(1.0, batches),
        pieces=pieces / max(1.0, batches),
        calls=calls / max(1.0, batches),
        portions=portions / max(1.0, batches),
        infer_ms=(last.infer_ms - first.infer_ms) / max(1.0, last.inferred - first.inferred),
    )
    return Measured(
        load=load,
        outcome=outcome,
        seconds=seconds,
        posts=posts,
        sent=0 if load.rate is None else round(load.rate * seconds),
        batches=batches,
        pieces=pieces,
        calls=calls,
        portions=portions,
        reads=reads,
        polls=_polls(load, first, last),
        redis_bytes=last.redis_bytes - first.redis_bytes,
        others_ms=max(0.0, last.machine_ms - first.machine_ms - sum(used.values())),
        used_ms=used,
        behind_s=behind_s,
    )


def _polls(load: Load, first: Sample, last: Sample) -> int:
    """Looks at the fences; at a rate, who measures latency looks each ten milliseconds too."""
    own = last.polls - first.polls
    if load.rate is None:
        return own
    return own + max(0, last.calls.get("hgetall", 0) - first.calls.get("hgetall", 0)) // load.tracks


@contextlib.asynccontextmanager
async def _workers(
    load: Load, settings: Settings, folder: Path
) -> AsyncIterator[tuple[list[WorkerProcess], list[int]]]:
    """Real workers as a load wants them, with the ports of their metrics."""
    ports = free_ports(load.workers)
    workers = [_worker(load, settings, folder / str(port), port) for port in ports]
    try:
        for worker in workers:
            worker.start()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.supervise()) for worker in workers]
            await asyncio.gather(*(_until_served(port) for port in ports))
            yield workers, ports
            for task in tasks:
                task.cancel()
    finally:
        for worker in workers:
            worker.stop()


def _worker(load: Load, settings: Settings, folder: Path, port: int) -> WorkerProcess:
    folder.mkdir(parents=True)
    variables = {
        "VOXPOP_KAFKA": settings.kafka,
        "VOXPOP_REDIS": settings.redis.get_secret_value(),
        "VOXPOP_TOPIC_PREFIX": settings.topic_prefix,
        "VOXPOP_DATA_DIR": str(folder),
        "VOXPOP_METRICS_PORT": str(port),
        "VOXPOP_BATCH_MAX": str(load.batch_max),
        "VOXPOP_BATCH_WAIT_MS": str(round(1000 * load.batch_wait_s)),
        "VOXPOP_WINDOW": str(load.window),
    }
    return WorkerProcess(worker_environment(variables), folder)


async def _until_served(port: int) -> None:
    async with asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)
