"""A topic from its beginning to its end as of now, without a group: nothing is committed.

Not for the worker, which follows a topic: Faust does that.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError
from connectors.kafka.metadata import Operation
from connectors.kafka.topics import describe_topic

STALLED_AFTER_S: Final = 30.0
POLL_MS: Final = 500


class Record(NamedTuple):
    """One record of a topic.

    Attributes:
        timestamp_ms: Unix milliseconds, the producer's or the broker's as the topic is set.
        headers: name and value of each header in order.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class FetchedRecord(Protocol):
    """A record as aiokafka gives it; what `Record` has besides says where it stood."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Fetch(NamedTuple):
    """What one answer of a broker brought of a partition, in offset order."""

    partition: int
    records: Sequence[FetchedRecord]


async def read_topic(
    connection: KafkaConnection,
    topic: str,
    start: Mapping[int, int] | None = None,
    *,
    only: Collection[int] | None = None,
) -> AsyncGenerator[Record, None]:
    """Read a topic record by record, otherwise as `read_fetches`.

    Yields:
        Records in offset order within each partition.
    """
    async with aclosing(read_fetches(connection, topic, start, only=only)) as fetches:
        async for partition, records in fetches:
            for record in records:
                yield Record(
                    topic,
                    partition,
                    record.offset,
                    record.timestamp,
                    record.key,
                    record.value,
                    tuple(record.headers),
                )


async def read_fetches(
    connection: KafkaConnection,
    topic: str,
    start: Mapping[int, int] | None = None,
    *,
    only: Collection[int] | None = None,
) -> AsyncGenerator[Fetch, None]:
    """Read a topic up to the end offsets at the time of the call, many records at once.

    Args:
        connection: how to reach the brokers; no group is joined.
        topic: whole name of the topic.
        start: first offset by partition; a partition that is not named is read from its
            beginning, and so is one whose offset is no longer there. None reads all of them.
        only: the partitions to read; None reads every one.

    Yields:
        Fetches in offset order within each partition.

    Raises:
        BrokerUnreachableError: no broker answers, or nothing comes for 30 s.
        TopicMissingError: there is no such topic.
        NotAllowedError: this client may not read it.
    """
    described = await describe_topic(connection, topic)
    described.require(Operation.READ, connection)
    partitions = range(described.partitions)
    wanted = [TopicPartition(topic, n) for n in partitions if only is None or n in only]
    if not wanted:
        return
    consumer = AIOKafkaConsumer(
        **connection.client_options(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        await consumer.start()
        consumer.assign(wanted)
        ends = await _seek(consumer, wanted, start or {})
        async for fetch in _fetches(consumer, ends, connection):
            yield fetch
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(
            connection.bootstrap_servers, f"while reading {topic} ({error!r})"
        ) from error
    finally:
        await consumer.stop()


async def _seek(
    consumer: AIOKafkaConsumer, wanted: list[TopicPartition], start: Mapping[int, int]
) -> dict[TopicPartition, int]:
    """Put each partition at its first offset; the end offsets of those with anything to read."""
    beginnings = await consumer.beginning_offsets(wanted)
    ends: dict[TopicPartition, int] = await consumer.end_offsets(wanted)
    for partition in wanted:
        first = max(start.get(partition.partition, 0), beginnings[partition])
        if first >= ends[partition]:
            del ends[partition]
            consumer.pause(partition)
        consumer.seek(partition, first)
    return ends


async def _fetches(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], connection: KafkaConnection
) -> AsyncIterator[Fetch]:
    last_progress = time.monotonic()
    while ends:
        batches = await consumer.getmany(*ends, timeout_ms=POLL_MS)
        for partition, records in batches.items():
            end = ends[partition]
            all_wanted = records[-1].offset < end
            wanted = records if all_wanted else [each for each in records if each.offset < end]
            yield Fetch(partition.partition, wanted)
        if batches:
            last_progress = time.monotonic()
        elif time.monotonic() - last_progress > STALLED_AFTER_S:
            raise BrokerUnreachableError(
                connection.bootstrap_servers,
                f"while reading (nothing for {STALLED_AFTER_S:.0f} s)",
            )
        for partition in list(ends):
            # the position also passes what is no record: markers of transactions, compacted gaps
            if await consumer.position(partition) >= ends[partition]:
                del ends[partition]
                consumer.pause(partition)
