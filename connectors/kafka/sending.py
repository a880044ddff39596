"""Three things that aiokafka's producer does not do: send an empty record, pack, and give up.

Not for posts (`producer`) or dead letters (`dead_letters`): those choose what to send.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Sendable:
    """A record to be written."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


async def send_record(
    producer: AIOKafkaProducer,
    topic: str,
    key: bytes | None,
    value: bytes | None,
    headers: Headers = (),
) -> asyncio.Future[RecordMetadata]:
    """Hand a record to the producer; the future is done when the broker has it.

    aiokafka's `send` asserts that key or value is there. Kafka does not, so a record without
    either goes as a batch of its own.

    Raises:
        aiokafka.errors.KafkaError: the producer does not admit it.
    """
    sent: asyncio.Future[RecordMetadata]
    if key is not None or value is not None:
        sent = await producer.send(topic, key=key, value=value, headers=list(headers))
        return sent
    batch = producer.create_batch()
    batch.append(key=None, value=None, timestamp=None, headers=list(headers))
    partition = min(await producer.partitions_for(topic))
    sent = await producer.send_batch(batch, topic, partition=partition)
    return sent


async def send_packed(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Sendable]
) -> list[Awaitable[RecordMetadata]]:
    """Hand records to the producer in as few record batches as hold them.

    A future a batch, where `send` makes one a record: that is most of what a record costs.

    Args:
        producer: started.
        topic: its whole name.
        partition: that all of them go to, in order.
        records: any number.

    Returns:
        Futures that are done when the broker has them all.

    Raises:
        aiokafka.errors.KafkaError: the producer does not admit one.
    """
    sent: list[Awaitable[RecordMetadata]] = []
    batch = producer.create_batch()

    async def send() -> None:
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))

    for record in records:
        content = {
            "timestamp": None,
            "key": record.key,
            "value": record.value,
            "headers": list(record.headers),
        }
        if batch.append(**content) is None:  # full
            await send()
            batch = producer.create_batch()
            batch.append(**content)
    if batch.record_count():
        await send()
    return sent


async def abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer without delivering what it still holds; those futures stay open.

    Its own `stop` waits for every batch, and an idempotent producer never gives one up: without
    a broker that is for ever. So its sender and its connections are ended one by one.
    """
    producer._closed = True
    await producer._sender.close()
    await producer.client.close()
