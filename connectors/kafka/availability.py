"""Asks the broker which offset holds the next record: compaction and transactions leave gaps.

Not for reading records: that is `reading`.
"""

import asyncio

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
    consumer = AIOKafkaConsumer(
        **connection.client_options(), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, offset)
        end: int = (await consumer.end_offsets([place]))[place]
        async with asyncio.timeout(limit_s):
            while await consumer.position(place) < end:
                found = await consumer.getmany(place, timeout_ms=POLL_MS, max_records=1)
                if records := found.get(place):
                    return int(records[0].offset)
        return max(end, offset)
    except TimeoutError:
        return offset
    finally:
        await consumer.stop()
