"""Asks the broker which offsets hold records: retention, compaction and transactions leave gaps.

Records of transactions that were aborted, or are still open, are not there. Not for reading
records: that is `reading`.
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


async def offset_bounds(
    connection: KafkaConnection, topic: str, partitions: Collection[int]
) -> dict[int, tuple[int, int]]:
    """The first offset that the broker still has of each partition, and the one after its last.

    The last one is the last before the first transaction that is still open.

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
        **connection.client_options(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
