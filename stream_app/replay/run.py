"""One replay: topics, workers, comments, drain, and what Kafka and Redis hold in the end.

Not for the servers, which the command starts around it, nor for judging: that is `report`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import (
    DEAD_LETTERS,
    POSTS,
    PREDICTIONS,
    create_topics,
    voxpop_topics,
)
from connectors.trends.layout import TrendLayout
from connectors.trends.positions import settled_offsets
from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendSeries
from connectors.trends.verify import Verification, verify
from deploy.local.progress import Progress
from stream_app.replay.comments import Comment
from stream_app.replay.outcomes import Written, read_outcomes
from stream_app.replay.sending import encode_texts, send_comments
from stream_app.replay.timeline import event_times
from stream_app.settings import Settings
from stream_app.trial.tally import suited_width
from stream_app.trial.workers import running_workers

READY_WITHIN_S: Final = 180.0
NO_PROGRESS_S: Final = 60.0
DRAIN_CHECK_S: Final = 0.5
SCORING: Final = "Scoring posts"
STARTING: Final = "Starting workers"
RECOUNTING: Final = "Recounting"


class ReplayStoppedError(Exception):
    """The workers made no progress for a minute; the message says how far they came."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What a person chose.

    Attributes:
        span_s: length of the new time axis, seconds.
        rate: most posts a second, None for no limit.
        workers: how many share the work.
    """

    span_s: float
    rate: float | None
    workers: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay left behind.

    Attributes:
        comments: as sent.
        times: event time of each, Unix seconds.
        deliveries: where each lies in `posts`.
        written: predictions and dead letters.
        series: trend of each track over the whole axis.
        verification: the recount.
        encode_s: seconds that encoding the texts took, before the first post was sent.
        elapsed_s: seconds from the first post sent to the last one committed as done.
        restarts: how often a worker had to be started again.
    """

    comments: Sequence[Comment]
    times: Sequence[float]
    deliveries: Sequence[Delivery]
    written: Written
    series: Mapping[str, TrendSeries]
    verification: Verification
    encode_s: float
    elapsed_s: float
    restarts: int


async def replay(
    settings: Settings,
    comments: Sequence[Comment],
    options: ReplayOptions,
    folder: Path,
    progress: Progress,
) -> Replayed:
    """Take comments through the whole pipeline.

    Args:
        settings: with a topic prefix that nobody else uses.
        comments: at least one.
        options: what a person chose.
        folder: for the workers and their logs.
        progress: told of each step.

    Raises:
        ReplayStoppedError: the workers stand still.
        stream_app.trial.worker_process.WorkerFailedError: a worker does not start.
        KafkaConnectorError, RedisError: a server is gone; in a group with others.
    """
    kafka = settings.kafka_connection()
    await create_topics(
        kafka, voxpop_topics(settings.topic_prefix, post_max_bytes=settings.post_max_bytes)
    )
    async with running_workers(settings, options.workers, folder) as workers:
        progress(STARTING, 0, 1)
        began = time.monotonic()
        features = await asyncio.to_thread(encode_texts, comments, settings.model, progress)
        encode_s = time.monotonic() - began
        group = settings.topic(settings.group)
        await workers[0].wait_until_ready(kafka, group, READY_WITHIN_S)
        progress(STARTING, 1, 1)
        times = event_times(comments, time.time(), options.span_s)
        began = time.monotonic()
        async with PostProducer(kafka, topic=settings.topic(POSTS)) as producer:
            deliveries = await send_comments(
                producer, comments, features, times, options.rate, progress
            )
        await _drain(kafka, group, settings.topic(POSTS), deliveries, progress)
        elapsed_s = time.monotonic() - began
        restarts = sum(worker.restarts for worker in workers)
    progress(RECOUNTING, 0, 1)
    written = await read_outcomes(kafka, settings.topic(PREDICTIONS), settings.topic(DEAD_LETTERS))
    series, verification = await _read_redis(settings, comments, times)
    progress(RECOUNTING, 1, 1)
    return Replayed(
        comments, times, deliveries, written, series, verification, encode_s, elapsed_s, restarts
    )


async def _drain(
    kafka: KafkaConnection,
    group: str,
    topic: str,
    deliveries: Sequence[Delivery],
    progress: Progress,
) -> None:
    """Wait until the group has committed every post as done."""
    last: dict[int, int] = {}
    for delivery in deliveries:
        last[delivery.partition] = max(last.get(delivery.partition, -1), delivery.offset)
    total = sum(last.values()) + len(last)
    before, deadline = -1, time.monotonic() + NO_PROGRESS_S
    while True:
        committed = (await settled_offsets(kafka, group, topic)).offsets
        done = sum(min(committed.get(place, -1), end) + 1 for place, end in last.items())
        progress(SCORING, done, total)
        if done == total:
            return
        if done > before:
            before, deadline = done, time.monotonic() + NO_PROGRESS_S
        elif time.monotonic() > deadline:
            raise ReplayStoppedError(
                f"nothing was done for {NO_PROGRESS_S:.0f} s: {done} of {total} posts are through"
            )
        await asyncio.sleep(DRAIN_CHECK_S)


async def _read_redis(
    settings: Settings, comments: Sequence[Comment], times: Sequence[float]
) -> tuple[dict[str, TrendSeries], Verification]:
    layout = TrendLayout(settings.namespace())
    width = suited_width(time.time() - min(times))
    async with settings.redis_connection().open() as client:
        reader = TrendReader(client, layout)
        tracks = sorted({comment.track for comment in comments})
        end = max(times) + width.seconds
        series = {
            track: await reader.trends(track, min(times), end, width.name) for track in tracks
        }
        verification = await verify(settings.predictions(), client, layout)
    return series, verification
