"""How many posts a second go from Kafka through real workers into Redis, beside the model alone.

A backlog lies in Kafka before the workers start, so they are never short of posts. The model alone
then scores the very same posts in the order in which they were scored. What posts wait at a steady
rate is measured after that by `paced`.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import orjson
import redis.asyncio

from benchmarks import stages
from benchmarks.machine import this_machine
from benchmarks.paced import paced_latency, rate_beside_producer
from benchmarks.pipeline_figures import FULL, HALF, HALF_BESIDE, Figures, Latency, Paced, Run
from benchmarks.posts import WirePost, simulated_posts
from benchmarks.processor_time import milliseconds_each, processor_seconds
from benchmarks.stages import Stages
from benchmarks.steady import BenchmarkStoppedError, steady_ends, steady_rate
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from deploy.local.processes import free_ports
from deploy.local.progress import Progress
from models.engine import Engine
from stream_app.core.halving import PoisonPost
from stream_app.core.scoring import PostToScore, Scorer, canary_features
from stream_app.core.windows import WINDOWS_HELD, ConversationKey, Windows
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import running_workers

WORKERS = (1, 2)
NINE_TENTHS = 0.9
OFFERED = 1.2
POLL_S = 0.1
NO_PROGRESS_S = 120.0


def run(
    posts: int,
    runs: int,
    progress: Progress,
    seconds: float = 10.0,
    workers: Sequence[int] = WORKERS,
    given: Mapping[str, str] | None = None,
    rates: Sequence[float] = (),
) -> Figures:
    """Measure, each run with topics and workers of its own.

    Args:
        posts: in the backlog.
        runs: of each number of workers.
        progress: told how far it is.
        seconds: how long posts come at each steady rate.
        workers: numbers of processes, in turn within each run.
        given: settings of the workers by field, besides those of the servers.
        rates: posts a second that come while it is measured how long they wait; without any they
            follow from what the run counted.

    Raises:
        BenchmarkStoppedError: the worker stands still.
    """
    machine = this_machine()
    backlog = simulated_posts(posts, progress)
    done: list[Run] = []
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        planned = list(itertools.product(range(runs), workers))
        engine = settings.load_engine()
        for number, (_, count) in enumerate(planned):
            progress("Measuring", number, len(planned))
            prefix = f"{settings.topic_prefix}{number}-"
            own = settings.model_copy(update={**(given or {}), "topic_prefix": prefix})
            where = Path(folder) / str(number)
            found = asyncio.run(_pipeline(own, backlog, where, count, seconds, rates))
            alone = _model_alone(engine, own, backlog, found.order)
            done.append(
                Run(
                    workers=count,
                    pipeline=round(found.steady.rate, 1),
                    beside_producer=round(found.beside, 1),
                    model_alone=round(alone, 1),
                    ratio=round(found.steady.rate / alone, 3),
                    cpu_ms=found.steady.cpu_ms,
                    stages=found.stages,
                    paced=found.paced,
                )
            )
        progress("Measuring", len(planned), len(planned))
    middle = [_middle([each for each in done if each.workers == count]) for count in workers]
    return Figures(
        machine, engine.version, posts, settings.batch_max, settings.window, done, middle
    )


def _middle(runs: Sequence[Run]) -> Run:
    return Run(
        workers=runs[0].workers,
        pipeline=median(each.pipeline for each in runs),
        beside_producer=median(each.beside_producer for each in runs),
        model_alone=median(each.model_alone for each in runs),
        ratio=median(each.ratio for each in runs),
        cpu_ms={
            whose: round(median(each.cpu_ms[whose] for each in runs), 3) for whose in runs[0].cpu_ms
        },
        stages=stages.middle([each.stages for each in runs]),
        paced={load: _middle_paced([each.paced[load] for each in runs]) for load in runs[0].paced},
    )


def _middle_paced(runs: Sequence[Paced]) -> Paced:
    return Paced(
        rate=median(each.rate for each in runs),
        latency=_middle_latency([each.latency for each in runs]),
        stages=stages.middle([each.stages for each in runs]),
    )


def _middle_latency(runs: Sequence[Latency]) -> Latency:
    found: dict[str, float | None] = {}
    for name in runs[0]:
        known = [value for each in runs if (value := each[name]) is not None]
        found[name] = median(known) if known else None
    return found


async def _pipeline(
    settings: Settings,
    backlog: Sequence[WirePost],
    folder: Path,
    workers: int,
    seconds: float,
    rates: Sequence[float],
) -> "_Found":
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    async with PostProducer(kafka, topic=settings.topic(POSTS)) as producer:
        for each in backlog:
            await producer.send_raw(each.key, each.value)
    ports = free_ports(workers)
    async with running_workers(settings, workers, folder, ports) as processes:
        steady = await _watch(settings, backlog, processes)
        seen = await stages.look(ports)
        order = await _order(kafka, settings, backlog)
        async with settings.redis_connection().open() as client:
            beside = await rate_beside_producer(
                settings,
                backlog,
                OFFERED * steady.rate,
                seconds,
                _counter(settings, client, backlog),
            )
        paced = {}
        for load, rate in _loads(rates, steady.rate, beside).items():
            before = await stages.look(ports)
            latency = await paced_latency(settings, backlog, rate, seconds)
            after = await stages.look(ports)
            paced[load] = Paced(round(rate, 1), latency, stages.between(before, after))
    return _Found(steady, beside, order, stages.between({}, seen), paced)


def _loads(rates: Sequence[float], steady: float, beside: float) -> dict[str, float]:
    """Posts a second by load: as given, else by what was counted without a producer and beside."""
    if rates:
        return {f"{rate:,.0f} posts/s": rate for rate in rates}
    return {HALF: steady / 2, HALF_BESIDE: beside / 2, FULL: NINE_TENTHS * beside}


def _counter(
    settings: Settings, client: redis.asyncio.Redis, backlog: Sequence[WirePost]
) -> Callable[[], Awaitable[int]]:
    """Asks Redis how many posts of the tracks it counts."""
    tracks = sorted({track for each in backlog for track in each.post.tracks})
    start = min(each.post.created_at for each in backlog)
    end = max(each.post.created_at for each in backlog) + 1
    reader = TrendReader(client, TrendLayout(settings.namespace()))

    async def counted() -> int:
        series = [await reader.trends(track, start, end, "1d") for track in tracks]
        return sum(each.total.posts for each in series)

    return counted


@dataclass(frozen=True, slots=True)
class _Steady:
    """Posts a second and milliseconds of a core for each, of the steady part."""

    rate: float
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of the workers; `order` has the numbers of the posts as they were scored."""

    steady: _Steady
    beside: float
    order: Sequence[int]
    stages: Stages
    paced: Mapping[str, Paced]


async def _watch(
    settings: Settings, backlog: Sequence[WirePost], workers: Sequence[WorkerProcess]
) -> _Steady:
    """Look at what Redis counts until it counts all."""
    samples = [(time.perf_counter(), 0)]
    used = [processor_seconds(workers)]
    async with settings.redis_connection().open() as client:
        ask = _counter(settings, client, backlog)
        while samples[-1][1] < len(backlog):
            counted = await ask()
            now = time.perf_counter()
            if counted > samples[-1][1]:
                samples.append((now, counted))
                used.append(processor_seconds(workers))
            elif now - samples[-1][0] > NO_PROGRESS_S:
                raise BenchmarkStoppedError(
                    f"{counted} of {len(backlog)} posts are counted, and nothing has moved for "
                    f"{NO_PROGRESS_S:.0f} s"
                )
            await asyncio.sleep(POLL_S)
    first, last = steady_ends(samples, len(backlog))
    cpu_ms = milliseconds_each(used[first], used[last], samples[last][1] - samples[first][1])
    return _Steady(steady_rate(samples, len(backlog)), cpu_ms)


async def _order(
    kafka: KafkaConnection, settings: Settings, backlog: Sequence[WirePost]
) -> list[int]:
    numbers = {each.post.post_id: number for number, each in enumerate(backlog)}
    scored: dict[int, float] = {}
    async for record in read_topic(kafka, settings.topic(PREDICTIONS)):
        document = orjson.loads(record.value or b"")
        number, at = numbers[document["post_id"]], document["scored_at"]
        if scored.setdefault(number, at) != at:  # a rebalance may deliver some twice, but alike
            raise BenchmarkStoppedError(f"post {document['post_id']} was predicted twice")
    return sorted(scored, key=lambda number: (scored[number], number))


def _model_alone(
    engine: Engine, settings: Settings, backlog: Sequence[WirePost], order: Sequence[int]
) -> float:
    """Posts a second for the same posts in the same order, in full batches."""
    windows = Windows(settings.window, engine.stamp, WINDOWS_HELD)
    scorer = Scorer(engine, windows, canary_features(engine.feature_set))
    posts = [backlog[number].post for number in order]
    to_score = [
        PostToScore(ConversationKey(0, post.conversation_id), post.features) for post in posts
    ]
    began = time.perf_counter()
    for start in range(0, len(to_score), settings.batch_max):
        batch = to_score[start : start + settings.batch_max]
        for key in windows.missing(each.key for each in batch):
            windows.load(key, [])
        if any(isinstance(result, PoisonPost) for result in scorer.score(batch)):
            raise BenchmarkStoppedError("the model failed on a post that the worker scored")
    return len(to_score) / (time.perf_counter() - began)
