"""Which offsets hold records, on a real Kafka whose transactions leave some without."""

import pytest
from aiokafka import AIOKafkaProducer

from connectors.kafka.availability import available_offsets, first_available, offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.topics import create_topics, voxpop_topics
from deploy.local import Endpoints

pytestmark = pytest.mark.integration


async def transactional_topic(connection: KafkaConnection, prefix: str) -> str:
    """Three transactions of two records each: their markers stand at 2, 5 and 8."""
    await create_topics(connection, voxpop_topics(prefix, partitions=1))
    topic = prefix + "posts"
    producer = AIOKafkaProducer(**connection.client_options(), transactional_id=prefix + "t")
    await producer.start()
    try:
        for _ in range(3):
            async with producer.transaction():
                for _ in range(2):
                    await producer.send_and_wait(topic, b"x", partition=0)
    finally:
        await producer.stop()
    return topic


async def test_markers_of_transactions_are_told_apart_from_records(
    stack: Endpoints, prefix: str
) -> None:
    connection = KafkaConnection(stack.kafka)
    topic = await transactional_topic(connection, prefix)
    assert await available_offsets(connection, topic, 0, 2, 6) == [3, 4, 6]
    assert await available_offsets(connection, topic, 0, 0, 7) == [0, 1, 3, 4, 6, 7]
    assert await first_available(connection, topic, 0, 5) == 6
    assert await first_available(connection, topic, 0, 8) == 9
    assert await offset_bounds(connection, topic, [0]) == {0: (0, 9)}


async def test_what_the_broker_does_not_tell_in_time_is_not_taken_for_a_gap(
    stack: Endpoints, prefix: str
) -> None:
    connection = KafkaConnection(stack.kafka)
    topic = await transactional_topic(connection, prefix)
    assert await available_offsets(connection, topic, 0, 2, 6, limit_s=0) == [2, 3, 4, 5, 6]
