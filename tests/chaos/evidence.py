"""Reads what a run left in Kafka and in Redis, as anybody could who knows the documented names.

Not for judging it: that is `judge`.
"""

import re
from collections.abc import Sequence
from typing import Final

import orjson
import redis.asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import partition_count
from connectors.redis_connection import RedisConnection
from tests.chaos.findings import Bucket, Conversation, Evidence, Letter
from tests.chaos.posts import Place

SCAN: Final = 1000
BUCKET: Final = re.compile(r"voxpop:\{(?P<track>[^}]+)\}:(?P<width>10s|1m|1h|1d):(?P<start>\d+)$")
WINDOW: Final = re.compile(
    r"voxpop:\{[^@}]+@(?P<topic>[^:}]+):(?P<part>\d+)\}:window:(?P<name>.+)$"
)


async def gather_evidence(
    kafka: KafkaConnection,
    redis_connection: RedisConnection,
    prefix: str,
    group: str,
    stuck: Sequence[str],
) -> Evidence:
    """Everything there is to judge.

    Args:
        kafka: the brokers.
        redis_connection: where the counts are at the end.
        prefix: of topics and keys.
        group: the workers' consumer group.
        stuck: what is known of workers that hung.
    """
    async with redis_connection.open() as client:
        buckets, windows = await _read_redis(client, prefix)
    return Evidence(
        buckets=buckets,
        predictions=await _predictions(kafka, prefix + "predictions"),
        letters=await _letters(kafka, prefix + "posts.dlq"),
        windows=windows,
        uncommitted=await uncommitted(kafka, prefix + "posts", group),
        stuck=stuck,
    )


async def uncommitted(kafka: KafkaConnection, topic: str, group: str) -> dict[int, int]:
    """Partition -> records that the group has not committed.

    Raises:
        aiokafka.errors.KafkaError: no broker answers.
    """
    bounds = await offset_bounds(kafka, topic, range(await partition_count(kafka, topic)))
    done = await committed(kafka, topic, group)
    return {
        partition: max(0, end - max(first, done.get(partition, 0)))
        for partition, (first, end) in bounds.items()
    }


async def committed(kafka: KafkaConnection, topic: str, group: str) -> dict[int, int]:
    """Partition -> offset that the group has committed; without those that it has not.

    Raises:
        aiokafka.errors.KafkaError: no broker answers.
    """
    admin = AIOKafkaAdminClient(**kafka.client_options())
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {
        place.partition: entry.offset
        for place, entry in found.items()
        if isinstance(place, TopicPartition) and place.topic == topic and entry.offset >= 0
    }


async def _read_redis(
    client: redis.asyncio.Redis, prefix: str
) -> tuple[dict[Bucket, dict[str, int]], dict[Conversation, list[bytes]]]:
    buckets: dict[Bucket, dict[str, int]] = {}
    windows: dict[Conversation, list[bytes]] = {}
    async for key in client.scan_iter(match=f"{prefix}voxpop:*", count=SCAN):
        name = key.decode().removeprefix(prefix)
        if found := BUCKET.match(name):
            fields = await client.hgetall(key)
            place = (found["track"], found["width"], int(found["start"]))
            buckets[place] = {_text(field): int(count) for field, count in fields.items()}
        elif found := WINDOW.match(name):
            conversation = (found["topic"], int(found["part"]), found["name"])
            records = await client.lrange(key, 0, -1)
            windows[conversation] = [each for each in records if isinstance(each, bytes)]
    return buckets, windows


async def _predictions(kafka: KafkaConnection, topic: str) -> dict[Place, list[bytes]]:
    found: dict[Place, list[bytes]] = {}
    async for record in read_topic(kafka, topic):
        value = record.value or b""
        source = orjson.loads(value)["source"]
        topic_id = dict(record.headers)["source-topic-id"].decode()
        place = Place(topic_id, source["partition"], source["offset"])
        found.setdefault(place, []).append(value)
    return found


async def _letters(kafka: KafkaConnection, topic: str) -> list[Letter]:
    letters = []
    async for record in read_topic(kafka, topic):
        headers = {name: value.decode() for name, value in record.headers}
        place = Place(
            headers["source-topic-id"],
            int(headers["source-partition"]),
            int(headers["source-offset"]),
        )
        letters.append(Letter(place, headers["reason"], record.key or b"", record.value or b""))
    return letters


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
