"""What is made of a source partition and its offset are written together, by one owner alone."""

import asyncio
from typing import Final

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import FencedError
from connectors.kafka.reading import read_topic
from connectors.kafka.sending import Sendable, abandon
from connectors.kafka.topics import create_topics, voxpop_topics
from connectors.kafka.transactions import TransactionalWriter
from deploy.local import Endpoints

pytestmark = pytest.mark.integration

MARKED_S: Final = 20.0


@pytest.fixture
async def kafka(stack: Endpoints, prefix: str) -> KafkaConnection:
    connection = KafkaConnection(stack.kafka)
    await create_topics(connection, voxpop_topics(prefix, partitions=2))
    return connection


async def opened(kafka: KafkaConnection, prefix: str) -> TransactionalWriter:
    return await TransactionalWriter(kafka, f"{prefix}group.0").open()


async def write(writer: TransactionalWriter, prefix: str, *texts: bytes, done: int) -> None:
    source = TopicPartition(f"{prefix}posts.raw", 0)
    await writer.write(
        {f"{prefix}posts": [Sendable(text, text) for text in texts], f"{prefix}posts.dlq": []},
        f"{prefix}group",
        {source: OffsetAndMetadata(done, "incarnation")},
    )


async def visible(kafka: KafkaConnection, prefix: str, count: int) -> list[bytes]:
    """Values in the topic, once so many are there.

    A broker confirms a commit before it marks the partitions, and readers see it after that.
    """
    found: list[bytes] = []
    async with asyncio.timeout(MARKED_S):
        while len(found) < count:
            found = [record.value or b"" async for record in read_topic(kafka, f"{prefix}posts")]
    return sorted(found)


async def committed(kafka: KafkaConnection, prefix: str) -> int | None:
    consumer = AIOKafkaConsumer(
        **kafka.client_options(), group_id=f"{prefix}group", enable_auto_commit=False
    )
    await consumer.start()
    try:
        found: int | None = await consumer.committed(TopicPartition(f"{prefix}posts.raw", 0))
    finally:
        await consumer.stop()
    return found


async def commits(kafka: KafkaConnection, prefix: str, offset: int) -> None:
    """Wait until an offset is the committed one; for the same reason."""
    async with asyncio.timeout(MARKED_S):
        while await committed(kafka, prefix) != offset:
            pass


async def test_records_and_their_offset_are_there_together(
    kafka: KafkaConnection, prefix: str
) -> None:
    writer = await opened(kafka, prefix)
    await write(writer, prefix, b"a", b"b", done=2)
    await write(writer, prefix, done=5)
    await writer.close()
    assert await visible(kafka, prefix, 2) == [b"a", b"b"]
    await commits(kafka, prefix, 5)


async def test_the_next_owner_undoes_what_a_killed_one_left_open(
    kafka: KafkaConnection, prefix: str
) -> None:
    killed = AIOKafkaProducer(**kafka.client_options(), transactional_id=f"{prefix}group.0")
    await killed.start()
    await killed.begin_transaction()
    await killed.send_and_wait(f"{prefix}posts", b"lost", b"lost")
    await killed.send_offsets_to_transaction(
        {TopicPartition(f"{prefix}posts.raw", 0): 7}, f"{prefix}group"
    )
    owner = await opened(kafka, prefix)
    assert await committed(kafka, prefix) is None
    await write(owner, prefix, b"a", done=1)
    await owner.close()
    await abandon(killed)
    assert await visible(kafka, prefix, 1) == [b"a"]
    await commits(kafka, prefix, 1)


async def test_an_owner_that_was_shut_out_writes_nothing_more(
    kafka: KafkaConnection, prefix: str
) -> None:
    last = await opened(kafka, prefix)
    await write(last, prefix, b"a", done=1)
    owner = await opened(kafka, prefix)
    with pytest.raises(FencedError):
        await write(last, prefix, b"late", done=9)
    await last.close()
    await write(owner, prefix, b"b", done=2)
    await owner.close()
    assert await visible(kafka, prefix, 2) == [b"a", b"b"]
    await commits(kafka, prefix, 2)
