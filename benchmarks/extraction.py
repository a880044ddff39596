"""How many posts a second go from `posts.raw` through an extracting worker into `posts`.

A backlog of texts lies in Kafka before the worker starts, and a post is done when its offset is
committed, which it is with the post it became. The encoder alone then reads the same texts. Where
every n-th post has a picture, that comes late. Not for how long media take to decode.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.encoder import cycled
from benchmarks.machine import Machine, this_machine
from benchmarks.pipeline import NO_PROGRESS_S
from benchmarks.processor_time import (
    EVENT_LOOP,
    OTHER_THREADS,
    PROCESSES,
    milliseconds_each,
    processor_seconds,
)
from benchmarks.slow_pictures import AFTER_S, SlowPictures, slow_pictures
from benchmarks.steady import BenchmarkStoppedError, steady_ends, steady_rate
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import RAW_POSTS, create_topics, voxpop_topics
from connectors.trends.positions import settled_offsets
from deploy.local.progress import Progress
from models.text_encoder import TextEncoder, load_text_encoder
from stream_app.demo.phrases import all_texts
from stream_app.extraction.role import BATCH_POSTS
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import running_workers

CONVERSATIONS: Final = 400
LOOK_EVERY_S: Final = 0.5  # each look asks Kafka over a connection of its own
OF_THE_WORKER: Final = (EVENT_LOOP, OTHER_THREADS, PROCESSES)


@dataclass(frozen=True, slots=True)
class Run:
    """One run with one worker.

    Attributes:
        posts_per_s: between a tenth and nine tenths of the backlog.
        encoder_alone_per_s: the same texts through the encoder alone, in one process.
        cpu_ms: milliseconds of a core for each post, see `processor_seconds`, meanwhile.
        encoder_ms: milliseconds of a core for each text that the encoder alone takes.
        encoder_share: of that in what the worker takes, all its threads together.
    """

    posts_per_s: float
    encoder_alone_per_s: float
    cpu_ms: Mapping[str, float]
    encoder_ms: float
    encoder_share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, with which encoder and where.

    Attributes:
        posts: in the backlog of each run.
        tokens: of a text, mean.
        pictures_every: one post in so many has a picture that comes late; 0: none has.
        middle: the median of each figure over the runs.
    """

    machine: Machine
    encoder: str
    posts: int
    tokens: float
    pictures_every: int
    runs: Sequence[Run]
    middle: Run

    def show(self, console: Console) -> None:
        """Print the table."""
        shown = (
            f", {AFTER_S:.0f} s to one picture in {every}" if (every := self.pictures_every) else ""
        )
        table = Table(
            title=f"posts.raw to posts, {self.tokens:.1f} tokens a text{shown}; {self.encoder}",
            title_justify="left",
        )
        for column in ("run", "posts/s", "encoder alone, texts/s", "encoder's share of the worker"):
            table.add_column(column, justify="right")
        for name, each in [
            *((str(number), own) for number, own in enumerate(self.runs, start=1)),
            ("median", self.middle),
        ]:
            table.add_row(
                name,
                f"{each.posts_per_s:,.0f}",
                f"{each.encoder_alone_per_s:,.0f}",
                f"{100 * each.encoder_share:.0f} %",
            )
        console.print(table)
        used = ", ".join(f"{whose} {spent:.3f}" for whose, spent in self.middle.cpu_ms.items())
        console.print(
            f"ms of a core a post: {used}; the encoder alone {self.middle.encoder_ms:.3f}",
            highlight=False,
        )
        console.print(str(self.machine), highlight=False)


def run(
    posts: int,
    runs: int,
    progress: Progress,
    texts: Sequence[str] = (),
    pictures_every: int = 0,
) -> Figures:
    """Measure, each run with topics and a worker of its own.

    Args:
        posts: in the backlog.
        runs: how many.
        progress: told how far it is.
        texts: of the posts, in turn; without any, those of the demo.
        pictures_every: one post in so many has a picture that comes late; 0: none has.

    Raises:
        BenchmarkStoppedError: the worker stands still.
    """
    machine = this_machine()
    chosen = cycled(texts or all_texts(), posts)
    done: list[Run] = []
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        encoder = load_text_encoder(settings.model, settings.threads)
        for number in range(runs):
            progress("Measuring", number, runs)
            own = settings.model_copy(
                update={"topic_prefix": f"{settings.topic_prefix}{number}-", "role": "extract"}
            )
            rate, cpu_ms = asyncio.run(
                _extracted(own, chosen, Path(folder) / str(number), pictures_every)
            )
            done.append(_beside_the_encoder(encoder, chosen, rate, cpu_ms))
        progress("Measuring", runs, runs)
    lengths = [len(ids) for ids in encoder.token_ids(chosen)]
    tokens = round(sum(lengths) / len(lengths), 2)
    return Figures(machine, encoder.name, posts, tokens, pictures_every, done, _middle(done))


def _middle(runs: Sequence[Run]) -> Run:
    return Run(
        posts_per_s=median(each.posts_per_s for each in runs),
        encoder_alone_per_s=median(each.encoder_alone_per_s for each in runs),
        cpu_ms={
            whose: round(median(each.cpu_ms[whose] for each in runs), 3) for whose in runs[0].cpu_ms
        },
        encoder_ms=median(each.encoder_ms for each in runs),
        encoder_share=median(each.encoder_share for each in runs),
    )


async def _extracted(
    settings: Settings, texts: Sequence[str], folder: Path, pictures_every: int
) -> tuple[float, Mapping[str, float]]:
    """Posts a second, and milliseconds of a core for each."""
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    async with slow_pictures() as pictures:
        own = settings.model_copy(
            update={"media": "fetch", "media_hosts": ",".join(pictures.hosts)}
        )
        async with PostProducer(kafka, topic=settings.topic(RAW_POSTS)) as producer:
            for number, text in enumerate(texts):
                shows = pictures_every and number % pictures_every == 0
                await producer.send_raw(*_raw_post(number, text, pictures if shows else None))
        async with running_workers(own, 1, folder) as processes:
            return await _watch(settings, len(texts), processes)


def _raw_post(number: int, text: str, pictures: SlowPictures | None) -> tuple[bytes, bytes]:
    conversation = f"c{number % CONVERSATIONS}"
    post = {
        "schema_version": 1,
        "post_id": f"p{number}",
        "conversation_id": conversation,
        "platform": "bench",
        "created_at": time.time(),
        "tracks": ["bench"],
        "text": text,
        "media": [{"kind": "image", "url": pictures.url(number)}] if pictures else [],
    }
    return conversation.encode(), orjson.dumps(post)


async def _watch(
    settings: Settings, posts: int, workers: Sequence[WorkerProcess]
) -> tuple[float, Mapping[str, float]]:
    """Look at what is committed until all is."""
    kafka, group = settings.kafka_connection(), settings.consumer_group()
    samples = [(time.perf_counter(), 0)]
    used = [processor_seconds(workers)]
    while samples[-1][1] < posts:
        settled = await settled_offsets(kafka, group, settings.topic(RAW_POSTS))
        done = sum(offset + 1 for offset in settled.offsets.values())
        now = time.perf_counter()
        if done > samples[-1][1]:
            samples.append((now, done))
            used.append(processor_seconds(workers))
        elif now - samples[-1][0] > NO_PROGRESS_S:
            raise BenchmarkStoppedError(
                f"{done} of {posts} posts are extracted, and nothing has moved for "
                f"{NO_PROGRESS_S:.0f} s"
            )
        await asyncio.sleep(LOOK_EVERY_S)
    first, last = steady_ends(samples, posts)
    cpu_ms = milliseconds_each(used[first], used[last], samples[last][1] - samples[first][1])
    return steady_rate(samples, posts), cpu_ms


def _beside_the_encoder(
    encoder: TextEncoder, texts: Sequence[str], rate: float, cpu_ms: Mapping[str, float]
) -> Run:
    encoder.encode(texts[:BATCH_POSTS])
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for start in range(0, len(texts), BATCH_POSTS):
        encoder.encode(texts[start : start + BATCH_POSTS])
    seconds, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    encoder_ms = 1000 * cpu_s / len(texts)
    worker_ms = sum(spent for whose, spent in cpu_ms.items() if whose in OF_THE_WORKER)
    return Run(
        posts_per_s=round(rate, 1),
        encoder_alone_per_s=round(len(texts) / seconds, 1),
        cpu_ms=cpu_ms,
        encoder_ms=round(encoder_ms, 3),
        encoder_share=round(encoder_ms / worker_ms, 3),
    )
