"""What is made of a source partition, written with the offset it was made of: all or nothing.

Whoever opens a transactional id shuts out the process that had it: its open transaction is aborted
and it can write no more. So whoever reads the group's commit after that sees everything that was
ever written. Not for deciding what is written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    ProducerFenced,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import OffsetAndMetadata

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import (
    BrokerUnreachableError,
    FencedError,
    NotAllowedError,
    TransactionError,
)
from connectors.kafka.sending import Sendable, abandon, send_packed

TIMEOUT_S: Final = 10.0
MAX_BATCH_BYTES: Final = 512 * 1024  # half of what brokers take unless told otherwise
MAX_REQUEST_BYTES: Final = 128 * 1024 * 1024  # counted before compression; topics' limits decide
STOP_S: Final = 5.0


class TransactionalWriter:
    """Writes under one transactional id, one transaction after another.

    Args:
        connection: how to reach the brokers.
        transactional_id: of this writer and its predecessors.
        timeout_s: longest time for a transaction; after it the brokers abort what is open.
    """

    def __init__(
        self, connection: KafkaConnection, transactional_id: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._connection = connection
        self._id = transactional_id
        self._timeout_s = timeout_s
        self._partitioner = DefaultPartitioner()

    async def open(self) -> Self:
        """Connect, and shut out whoever had the id before.

        Raises:
            BrokerUnreachableError: no broker answers.
            NotAllowedError: this client may not use the id.
            TransactionError: the brokers do not give it out in time.
        """
        self._producer = AIOKafkaProducer(
            **self._connection.client_options(),
            transactional_id=self._id,
            transaction_timeout_ms=int(self._timeout_s * 1000),
            request_timeout_ms=int(self._timeout_s * 1000),
            compression_type="zstd",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
        )
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                await self._producer.start()
        except BaseException as error:
            await self._producer.client.close()
            self._producer._closed = True
            raise self._told(error) from error
        return self

    async def write(
        self,
        records: Mapping[str, Sequence[Sendable]],
        group: str,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        """Write records and commit offsets in one transaction; returns when both are done.

        After an error nothing is known of the transaction, and the writer must not be used again:
        whoever opens the id next finds it done or aborted.

        Args:
            records: topic -> what it gets, by the hash of their keys.
            group: whose offsets are committed.
            offsets: by source partition.

        Raises:
            FencedError: another process has opened the id.
            TransactionError: the brokers refused, or did not answer in time.
        """
        producer = self._producer
        try:
            async with asyncio.timeout(self._timeout_s):
                await producer.begin_transaction()
                committed = asyncio.ensure_future(
                    producer.send_offsets_to_transaction(dict(offsets), group)
                )
                await asyncio.gather(committed, *await self._send(records))
                await producer.commit_transaction()
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._told(error) from error

    async def close(self) -> None:
        """Disconnect; what is not committed will be aborted."""
        try:
            await asyncio.wait_for(self._producer.stop(), STOP_S)
        except TimeoutError:
            await abandon(self._producer)

    async def _send(
        self, records: Mapping[str, Sequence[Sendable]]
    ) -> list["asyncio.Future[object]"]:
        sent: list[asyncio.Future[object]] = []
        for topic, theirs in records.items():
            partitions = sorted(await self._producer.partitions_for(topic))
            by_partition: dict[int, list[Sendable]] = {}
            for record in theirs:
                place = self._partitioner(record.key, partitions, partitions)
                by_partition.setdefault(place, []).append(record)
            for partition, together in by_partition.items():
                futures = await send_packed(self._producer, topic, partition, together)
                sent += [asyncio.ensure_future(future) for future in futures]
        return sent

    def _told(self, error: BaseException) -> BaseException:
        if isinstance(error, ProducerFenced | InvalidProducerEpoch):
            return FencedError(f"another process writes as {self._id}")
        servers = self._connection.bootstrap_servers
        if isinstance(error, TransactionalIdAuthorizationFailed):
            return NotAllowedError(servers, f"WRITE on transactional id {self._id}")
        if isinstance(error, KafkaError | TimeoutError):
            return TransactionError(
                f"Kafka at {servers} did not commit a transaction of {self._id}: {error!r}"
            )
        if isinstance(error, OSError):
            return BrokerUnreachableError(servers, f"({error!r})")
        return error
