"""How many posts a second go from Kafka through real workers into Redis, beside the model alone.

A backlog lies in Kafka before the workers start, so they are never short of posts. The model alone
then scores the very same posts in the order in which they were scored. What posts wait at a steady
rate is measured after that by `paced`.
"""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from benchmarks.paced import paced_latency
from benchmarks.posts import WirePost, simulated_posts
from benchmarks.processor_time import milliseconds_each, processor_seconds
from benchmarks.steady import BenchmarkStoppedError, steady_ends, steady_rate
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from deploy.local.progress import Progress
from models.engine import Engine
from stream_app.core.halving import PoisonPost
from stream_app.core.scoring import PostToScore, Scorer, canary_features
from stream_app.core.windows import ConversationKey, Windows
from stream_app.scoring_role import WINDOWS_HELD
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import running_workers

WORKERS = (1, 2)
LOADS = (0.5, 0.9)
RANKS = ("p50", "p95", "p99")
Latency = Mapping[str, float | None]
POLL_S = 0.05
NO_PROGRESS_S = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        workers: processes.
        pipeline: posts a second counted in Redis, between a tenth and nine tenths of the backlog.
        model_alone: posts a second for the same posts by the model alone, in one process.
        ratio: the first by the second.
        half: latency while posts come at half of that rate, see `paced_latency`.
        full: the same at nine tenths of it; at more, posts come faster than they go.
        cpu_ms: milliseconds of a core for each post, see `processor_seconds`, while `pipeline` was
            measured.
    """

    workers: int
    pipeline: float
    model_alone: float
    ratio: float
    half: Latency
    full: Latency
    cpu_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        posts: in the backlog of each run.
        batch_max: most posts in a batch, of the worker and of the model alone.
        window: most posts of a conversation that the model sees.
        middle: the median of each figure over the runs, by number of workers.
    """

    machine: Machine
    model: str
    posts: int
    batch_max: int
    window: int
    runs: Sequence[Run]
    middle: Sequence[Run]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"posts/s, {self.model}", title_justify="left")
        for column in ("run", "workers", "Kafka to Redis", "model alone", "ratio"):
            table.add_column(column, justify="right")
        for load in ("half", "nine tenths"):
            table.add_column(f"p50/p95/p99 ms at {load} of it", justify="right")
        for name, each in [
            *((str(number), own) for number, own in enumerate(self.runs, start=1)),
            *(("median", own) for own in self.middle),
        ]:
            table.add_row(
                name,
                str(each.workers),
                f"{each.pipeline:,.0f}",
                f"{each.model_alone:,.0f}",
                f"{each.ratio:.3f}",
                *(
                    " / ".join(_told(load[rank]) for rank in RANKS)
                    for load in (each.half, each.full)
                ),
            )
        console.print(table)
        for each in self.middle:
            used = ", ".join(f"{whose} {spent:.3f}" for whose, spent in each.cpu_ms.items())
            console.print(
                f"{each.workers} workers, ms of a core a post: {used}; "
                f"together {sum(each.cpu_ms.values()):.3f}",
                highlight=False,
            )
        console.print(str(self.machine), highlight=False)


def run(
    posts: int,
    runs: int,
    progress: Progress,
    seconds: float = 10.0,
    workers: Sequence[int] = WORKERS,
) -> Figures:
    """Measure, each run with topics and workers of its own.

    Args:
        posts: in the backlog.
        runs: of each number of workers.
        progress: told how far it is.
        seconds: how long posts come at each steady rate.
        workers: numbers of processes, in turn within each run.

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
            own = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}{number}-"})
            where = Path(folder) / str(number)
            steady, order, half, full = asyncio.run(_pipeline(own, backlog, where, count, seconds))
            alone = _model_alone(engine, own, backlog, order)
            done.append(
                Run(
                    workers=count,
                    pipeline=round(steady.rate, 1),
                    model_alone=round(alone, 1),
                    ratio=round(steady.rate / alone, 3),
                    half=half,
                    full=full,
                    cpu_ms=steady.cpu_ms,
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
        model_alone=median(each.model_alone for each in runs),
        ratio=median(each.ratio for each in runs),
        half=_middle_latency([each.half for each in runs]),
        full=_middle_latency([each.full for each in runs]),
        cpu_ms={
            whose: round(median(each.cpu_ms[whose] for each in runs), 3) for whose in runs[0].cpu_ms
        },
    )


def _middle_latency(runs: Sequence[Latency]) -> Latency:
    found: dict[str, float | None] = {}
    for name in runs[0]:
        known = [value for each in runs if (value := each[name]) is not None]
        found[name] = median(known) if known else None
    return found


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


async def _pipeline(
    settings: Settings, backlog: Sequence[WirePost], folder: Path, workers: int, seconds: float
) -> tuple["_Steady", list[int], Latency, Latency]:
    """Rate and cost, the numbers of the posts as they were scored, and both latencies."""
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    async with PostProducer(kafka, topic=settings.topic(POSTS)) as producer:
        for each in backlog:
            await producer.send_raw(each.key, each.value)
    async with running_workers(settings, workers, folder) as processes:
        steady = await _watch(settings, backlog, processes)
        order = await _order(kafka, settings, backlog)
        half, full = [
            await paced_latency(settings, backlog, steady.rate * share, seconds) for share in LOADS
        ]
    return steady, order, half, full


@dataclass(frozen=True, slots=True)
class _Steady:
    """Posts a second and milliseconds of a core for each, of the steady part."""

    rate: float
    cpu_ms: Mapping[str, float]


async def _watch(
    settings: Settings, backlog: Sequence[WirePost], workers: Sequence[WorkerProcess]
) -> _Steady:
    """Look at what Redis counts until it counts all."""
    tracks = sorted({track for each in backlog for track in each.post.tracks})
    start = min(each.post.created_at for each in backlog)
    end = max(each.post.created_at for each in backlog) + 1
    samples = [(time.perf_counter(), 0)]
    used = [processor_seconds(workers)]
    async with settings.redis_connection().open() as client:
        reader = TrendReader(client, TrendLayout(settings.namespace()))
        while samples[-1][1] < len(backlog):
            series = [await reader.trends(track, start, end, "1d") for track in tracks]
            counted = sum(each.total.posts for each in series)
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
    scored = []
    async for record in read_topic(kafka, settings.topic(PREDICTIONS)):
        document = orjson.loads(record.value or b"")
        scored.append((document["scored_at"], numbers.pop(document["post_id"])))
    return [number for _, number in sorted(scored)]


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
