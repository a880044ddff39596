"""Which offsets hold records, on a real Kafka whose transactions leave some without."""

import pytest
from aiokafka import AIOKafkaProducer

from connectors.kafka.availability import first_available, offset_bounds
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
    assert await first_available(connection, topic, 0, 5) == 6
    assert await first_available(connection, topic, 0, 8) == 9
    assert await offset_bounds(connection, topic, [0]) == {0: (0, 9)}


async def test_what_an_open_or_an_aborted_transaction_wrote_is_not_there(
    stack: Endpoints, prefix: str
) -> None:
    connection = KafkaConnection(stack.kafka)
    topic = await transactional_topic(connection, prefix)
    producer = AIOKafkaProducer(**connection.client_options(), transactional_id=prefix + "open")
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"x", partition=0)
        assert await offset_bounds(connection, topic, [0]) == {0: (0, 9)}
        assert await first_available(connection, topic, 0, 9) == 9
        await producer.abort_transaction()
        assert await offset_bounds(connection, topic, [0]) == {0: (0, 11)}
        assert await first_available(connection, topic, 0, 9) == 11
    finally:
        await producer.stop()
