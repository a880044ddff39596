"""Asks the broker which offsets hold records: retention, compaction and transactions leave gaps.

Not for reading records: that is `reading`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.kafka.connection import KafkaConnection

POLL_MS = 200


async def first_available(
    connection: KafkaConnection, topic: str, partition: int, offset: int, *, limit_s: float = 5.0
) -> int:
    """Offset of the first record at or after `offset`.

    Args:
        connection: how to reach the brokers; no group is joined.
        topic: full name of the topic.
        partition: number of the partition.
        offset: where to look from, not before the first offset that the broker has.
        limit_s: longest time to look, seconds.

    Returns:
        That offset, or the end of the partition where no record is left. `offset` itself when
        the broker gave nothing in time, since then nothing is known.

    Raises:
        aiokafka.errors.KafkaError: no broker answers.
    """
    place = TopicPartition(topic, partition)
    async with _consumer(connection) as consumer:
        consumer.assign([place])
        consumer.seek(place, offset)
        end: int = (await consumer.end_offsets([place]))[place]
        try:
            async with asyncio.timeout(limit_s):
                while await consumer.position(place) < end:
                    found = await consumer.getmany(place, timeout_ms=POLL_MS, max_records=1)
                    if records := found.get(place):
                        return int(records[0].offset)
        except TimeoutError:
            return offset
    return max(end, offset)


async def available_offsets(
    connection: KafkaConnection,
    topic: str,
    partition: int,
    first: int,
    last: int,
    *,
    limit_s: float = 5.0,
) -> list[int]:
    """Offsets that hold records, ascending.

    Args:
        connection: how to reach the brokers; no group is joined.
        topic: full name of the topic.
        partition: number of the partition.
        first: where to look from, not before the first offset that the broker has.
        last: where to look to; holds a record.
        limit_s: longest time to look, seconds.

    Returns:
        Those from `first` to `last`; all of them when the broker did not give them in time,
        since then nothing is known to be empty.

    Raises:
        aiokafka.errors.KafkaError: no broker answers.
    """
    place = TopicPartition(topic, partition)
    found: list[int] = []
    async with _consumer(connection) as consumer:
        consumer.assign([place])
        consumer.seek(place, first)
        try:
            async with asyncio.timeout(limit_s):
                while await consumer.position(place) <= last:
                    records = await consumer.getmany(place, timeout_ms=POLL_MS)
                    found += [record.offset for record in records.get(place, [])]
        except TimeoutError:
            return list(range(first, last + 1))
    return [offset for offset in found if first <= offset <= last]


async def offset_bounds(
    connection: KafkaConnection, topic: str, partitions: Collection[int]
) -> dict[int, tuple[int, int]]:
    """The first offset that the broker still has of each partition, and the one after its last.

    Asks over a connection of its own: on that of a consumer which waits for records, each
    question waits as well.

    Raises:
        aiokafka.errors.KafkaError: no broker answers.
    """
    places = [TopicPartition(topic, partition) for partition in partitions]
    async with _consumer(connection) as consumer:
        first = await consumer.beginning_offsets(places)
        end = await consumer.end_offsets(places)
    return {place.partition: (first[place], end[place]) for place in places}


@asynccontextmanager
async def _consumer(connection: KafkaConnection) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **connection.client_options(), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
