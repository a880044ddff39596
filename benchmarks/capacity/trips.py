"""How long waits take where nothing else is done: for Redis, for Kafka's confirmation, for a fetch.

Milliseconds, medians. Not for what the servers compute meanwhile: that is counted by their cores.
"""

import time
from collections.abc import Sequence
from statistics import median
from typing import Final

import cramjam
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from connectors.kafka.reading import read_topic
from connectors.kafka.topics import PREDICTIONS, RAW_POSTS
from stream_app.settings import Settings

TRIPS: Final = 40
WARM_UP: Final = 5
TOGETHER: Final = 28  # posts that a producer's batch of half a mebibyte holds


async def trips(settings: Settings) -> dict[str, float]:
    """`redis_trip_ms`, `kafka_trip_ms` and `fetch_trip_ms`; topics must be there."""
    topic, kafka = settings.topic(RAW_POSTS), settings.kafka_connection()
    answers, confirmed, fetched = [], [], []
    async with settings.redis_connection().open() as client:
        for _ in range(TRIPS):
            began = time.perf_counter()
            await client.ping()
            answers.append(_ms_since(began))
    options = kafka.client_options()
    async with (
        AIOKafkaProducer(**options, acks="all", enable_idempotence=True) as producer,
        AIOKafkaConsumer(topic, **options, auto_offset_reset="latest") as consumer,
    ):
        await consumer.seek_to_end()
        for _ in range(TRIPS):
            began = time.perf_counter()
            await producer.send_and_wait(topic, b"x", partition=0)
            confirmed.append(_ms_since(began))
            await consumer.getone()
            fetched.append(_ms_since(began))
    trip_ms = median(confirmed[WARM_UP:])
    return {
        "redis_trip_ms": median(answers[WARM_UP:]),
        "kafka_trip_ms": trip_ms,
        "fetch_trip_ms": max(0.0, median(fetched[WARM_UP:]) - trip_ms / 2),
    }


async def prediction_sizes(settings: Settings, together: int) -> dict[str, float]:
    """Bytes of a prediction, as it is and compressed with as many as a worker delivers at once."""
    values = [
        record.value or b""
        async for record in read_topic(settings.kafka_connection(), settings.topic(PREDICTIONS))
    ]
    return {
        "prediction_bytes": _mean_bytes(values, 1, compressed=False),
        "prediction_wire_bytes": _mean_bytes(values, together, compressed=True),
    }


def post_sizes(values: Sequence[bytes]) -> dict[str, float]:
    """Bytes of an envelope, as it is and compressed in a producer's batch."""
    return {
        "post_bytes": _mean_bytes(values, 1, compressed=False),
        "post_wire_bytes": _mean_bytes(values, TOGETHER, compressed=True),
    }


def _mean_bytes(values: Sequence[bytes], together: int, *, compressed: bool) -> float:
    whole = [b"".join(values[at : at + together]) for at in range(0, len(values), together)]
    sizes = [len(cramjam.zstd.compress(each)) if compressed else len(each) for each in whole]
    return sum(sizes) / len(values)


def _ms_since(began: float) -> float:
    return 1000 * (time.perf_counter() - began)
