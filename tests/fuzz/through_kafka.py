"""Malformed posts through Kafka and a worker: each is in `posts.dlq` or in `predictions`."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

from benchmarks.worker_memory import resident_mib
from connectors.kafka.dead_letters import read_dead_letters
from connectors.kafka.errors import DeliveryError
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import (
    DEAD_LETTERS,
    POSTS,
    PREDICTIONS,
    create_topics,
    voxpop_topics,
)
from connectors.trends.positions import settled_offsets
from stream_app.settings import Settings
from stream_app.trial.worker_process import WorkerProcess
from stream_app.trial.workers import running_workers
from stream_app.variables import MEBIBYTE
from tests.fuzz.malformed import MalformedPosts

PARTITIONS = 4
LOOK_EVERY_S = 0.5
STANDS_STILL_S = 120.0
OVER_THE_TOPIC = 3 * MEBIBYTE  # and it cannot be compressed
Place = tuple[int, int]


class StandsStillError(Exception):
    """The worker commits nothing any more."""


@dataclass
class KafkaReport:
    """What became of the posts.

    Attributes:
        sent: that the broker took.
        refused: that it did not, for their size; the producer was told.
        lost: neither in `predictions` nor in `posts.dlq`.
        both: in both.
        reasons: dead letters by reason, each post once.
        predictions: posts with one.
        senseless: predictions whose probabilities do not sum to one.
        restarts: of the worker.
        first_memory_mib: resident, of the worker and of its model's process, before the first post.
        memory_mib: the same at its peak.
    """

    sent: int = 0
    refused: int = 0
    lost: int = 0
    both: int = 0
    predictions: int = 0
    senseless: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    first_memory_mib: float = 0.0
    memory_mib: float = 0.0


async def through_kafka(
    settings: Settings, folder: Path, seed: int, posts: int, oversized: int
) -> KafkaReport:
    """Send malformed posts, wait until the worker has done with them, and look for each.

    Args:
        settings: of servers that are there; the topics are made.
        folder: for the worker.
        seed: of the posts.
        posts: how many.
        oversized: how many more that no compression brings under the topic's limit.

    Raises:
        StandsStillError: the worker does not get through.
    """
    report, connection = KafkaReport(), settings.kafka_connection()
    await create_topics(connection, voxpop_topics(settings.topic_prefix, PARTITIONS))
    async with running_workers(settings, 1, folder) as (worker,):
        group = settings.topic(settings.group)
        await worker.wait_until_ready(connection, group, STANDS_STILL_S)
        report.first_memory_mib = _resident_mib(worker.pid)
        report.sent = await _send(settings, seed, posts)
        report.refused = await _send_oversized(settings, seed, oversized)
        await _until_done(settings, worker, report)
        report.restarts = worker.restarts
    await _look_for_each(settings, report)
    return report


async def _send(settings: Settings, seed: int, posts: int) -> int:
    source = MalformedPosts(seed, time.time())
    async with _producer(settings) as producer:
        for number in range(posts):
            post = source.post(number)
            await producer.send_raw(post.key, post.value)
    return posts


async def _send_oversized(settings: Settings, seed: int, count: int) -> int:
    """How many of them the broker did not take."""
    chance, refused = Random(seed), 0
    for _ in range(count):
        try:
            async with _producer(settings) as producer:
                await producer.send_raw(b"large", chance.randbytes(OVER_THE_TOPIC))
        except DeliveryError:
            refused += 1
    return refused


def _producer(settings: Settings) -> PostProducer:
    return PostProducer(settings.kafka_connection(), topic=settings.topic(POSTS))


async def _until_done(settings: Settings, worker: WorkerProcess, report: KafkaReport) -> None:
    """Wait until the worker has committed all that was sent, and look at its memory meanwhile.

    Raises:
        StandsStillError: it commits nothing for long.
    """
    connection, done, moved_at = settings.kafka_connection(), -1, time.monotonic()
    while done < report.sent:
        settled = await settled_offsets(
            connection, settings.topic(settings.group), settings.topic(POSTS)
        )
        now_done = sum(last + 1 for last in settled.offsets.values())
        if now_done > done:
            done, moved_at = now_done, time.monotonic()
        elif time.monotonic() - moved_at > STANDS_STILL_S:
            raise StandsStillError(f"{done} of {report.sent} posts done; see {worker.log}")
        report.memory_mib = max(report.memory_mib, _resident_mib(worker.pid))
        await asyncio.sleep(LOOK_EVERY_S)


def _resident_mib(pid: int | None) -> float:
    if pid is None:
        return 0.0
    return resident_mib(pid)


async def _look_for_each(settings: Settings, report: KafkaReport) -> None:
    connection = settings.kafka_connection()
    sent = {
        (record.partition, record.offset)
        async for record in read_topic(connection, settings.topic(POSTS))
    }
    dead: dict[Place, str] = {}
    async for letter in read_dead_letters(connection, settings.topic(DEAD_LETTERS)):
        _, partition, offset = letter.source.rsplit(":", 2)
        dead[int(partition), int(offset)] = letter.reason
    predicted: set[Place] = set()
    async for record in read_topic(connection, settings.topic(PREDICTIONS)):
        prediction = orjson.loads(record.value or b"")
        predicted.add((prediction["source"]["partition"], prediction["source"]["offset"]))
        report.senseless += not _is_distribution(prediction)
    report.reasons.update(dead.values())
    report.predictions = len(predicted)
    report.lost = len(sent - dead.keys() - predicted)
    report.both = len(predicted & dead.keys())


def _is_distribution(prediction: Mapping[str, Any]) -> bool:
    return all(
        None not in probs and math.isclose(sum(probs), 1.0, abs_tol=0.01)
        for probs in (prediction["sentiment"]["probs"], prediction["emotion"]["probs"])
    )
