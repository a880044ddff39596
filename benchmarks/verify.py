"""How many predictions a second `voxpop verify` counts again, by one process and by several.

Predictions lie in Kafka and their counts in Redis before; no worker runs. Not for what a worker
does: that is `pipeline`.
"""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from connectors.conversations.source import SourcePartition
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, topic_id, voxpop_topics
from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.schemas.prediction import Prediction, read_prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.predictions import SOURCE_TOPIC_ID, Predictions
from connectors.trends.sink import TrendSink
from connectors.trends.verify import verify
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers

TRACKS: Final = ("acme", "globex", "initech")
PARTITIONS: Final = 8
BATCH: Final = 500
SPAN_S: Final = 3600.0  # that the posts were created in
ALONE: Final = "one process"
SHARED: Final = "as many as suit"


class CountsDifferError(Exception):
    """`verify` found a difference, or did not count all."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One way to read.

    Attributes:
        per_s: predictions a second of the whole command but its start, median of the runs.
        ratio: to one process, median of the ratios within each run.
        runs: predictions a second of each run.
    """

    way: str
    per_s: float
    ratio: float
    runs: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and where.

    Attributes:
        predictions: in the topic.
        bytes_each: mean length of their values.
    """

    machine: Machine
    predictions: int
    bytes_each: float
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print the table."""
        title = f"verify, {self.predictions:,} predictions of {self.bytes_each:.0f} bytes"
        table = Table(title=title, title_justify="left")
        table.add_column("read by")
        for column in ("predictions/s, median", "ratio", "runs"):
            table.add_column(column, justify="right")
        for each in self.measurements:
            runs = ", ".join(f"{rate:,.0f}" for rate in each.runs)
            table.add_row(each.way, f"{each.per_s:,.0f}", f"{each.ratio:.2f}", runs)
        console.print(table)
        console.print(str(self.machine), highlight=False)


def run(predictions: int, runs: int, progress: Progress) -> Figures:
    """Measure both ways in turn, in every run.

    Args:
        predictions: in the topic.
        runs: of each way.
        progress: told how far it is.

    Raises:
        CountsDifferError: what was counted is not right.
    """
    machine = this_machine()
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        length = asyncio.run(_fill(settings, predictions, progress))
        whole = settings.predictions()
        ways = {ALONE: replace(whole, fewest=predictions + 1), SHARED: _shared(whole, predictions)}
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for done in range(runs):
            progress("Verifying", done, runs)
            for way, reader in ways.items():
                rates[way].append(asyncio.run(_rate(settings, reader, predictions)))
        progress("Verifying", runs, runs)
    return Figures(
        machine,
        predictions,
        round(length / predictions, 1),
        [_measurement(way, own, rates[ALONE]) for way, own in rates.items()],
    )


def _shared(whole: Predictions, predictions: int) -> Predictions:
    """As many processes as cores, however few the predictions are."""
    return replace(whole, fewest=min(whole.fewest, predictions // (os.cpu_count() or 1)))


def _measurement(way: str, rates: Sequence[float], alone: Sequence[float]) -> Measurement:
    ratios = [own / other for own, other in zip(rates, alone, strict=True)]
    return Measurement(way, median(rates), round(median(ratios), 3), rates)


async def _rate(settings: Settings, reader: Predictions, predictions: int) -> float:
    layout = TrendLayout(settings.namespace())
    async with settings.redis_connection().open() as client:
        began = time.perf_counter()
        found = await verify(reader, client, layout)
        took_s = time.perf_counter() - began
    if found.differing or found.posts != predictions:
        raise CountsDifferError(f"{found.differing} counts differ, {found.posts} posts count")
    return round(predictions / took_s, 1)


async def _fill(settings: Settings, predictions: int, progress: Progress) -> int:
    """Write predictions and count them; gives the bytes of all values."""
    kafka = settings.kafka_connection()
    await create_topics(kafka, voxpop_topics(settings.topic_prefix, PARTITIONS))
    incarnation = await topic_id(kafka, settings.topic(POSTS))
    producer = AIOKafkaProducer(
        **kafka.client_options(), compression_type="zstd", max_batch_size=512 * 1024, linger_ms=20
    )
    draw, length, began = random.Random(7), 0, time.time() - SPAN_S  # noqa: S311 - no secret
    offsets = [0] * PARTITIONS
    async with producer, settings.redis_connection().open() as client:
        sink = TrendSink(client, TrendLayout(settings.namespace()))
        for start in range(0, predictions, BATCH):
            progress("Writing predictions", start, predictions)
            source = SourcePartition(
                settings.topic(POSTS), incarnation, start // BATCH % PARTITIONS
            )
            count = min(BATCH, predictions - start)
            first = offsets[source.partition]
            offsets[source.partition] += count
            batch = [
                _prediction(draw, source, first + at, began + (start + at) * SPAN_S / predictions)
                for at in range(count)
            ]
            for post in batch:
                length += len(post.encoded)
                await producer.send(
                    settings.topic(PREDICTIONS),
                    post.encoded,
                    key=post.conversation_id.encode(),
                    partition=source.partition,
                    headers=[(SOURCE_TOPIC_ID, incarnation.encode())],
                )
            await sink.apply({source.field: batch})
    return length


def _prediction(
    draw: random.Random, source: SourcePartition, offset: int, created_at: float
) -> Prediction:
    """A prediction as a worker writes it."""
    return read_prediction(
        {
            "post_id": f"p{source.partition}-{offset}",
            "conversation_id": f"c{offset % 5000}",
            "platform": draw.choice(("bluesky", "tiktok")),
            "lang": draw.choice(("en", "de", None)),
            "tracks": draw.sample(TRACKS, draw.randint(1, 2)),
            "created_at": created_at,
            "source": {"topic": source.topic, "partition": source.partition, "offset": offset},
            "sentiment": _labelled(draw, SENTIMENTS),
            "emotion": _labelled(draw, EMOTIONS),
            "modalities": {"text": 0.75, "audio": 0.25, "visual": 0.0},
            "window_posts": 1 + offset % 32,
            "model_version": "tmsam-stream-minilm-1+0a1b2c3d",
            "scored_at": created_at + 0.125,
        }
    )


def _labelled(draw: random.Random, labels: Sequence[str]) -> dict[str, object]:
    weights = [draw.random() for _ in labels]
    shares = [round(weight / sum(weights), 6) for weight in weights]
    return {"label": labels[shares.index(max(shares))], "probs": shares}
