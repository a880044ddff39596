"""The source topic through Faust's consumer, including the parts that Faust keeps to itself.

Faust commits nothing here: the application does, and believes a commit only when it is told so.
"""

import asyncio
import time
from collections.abc import Awaitable, Collection, Mapping
from typing import Any, TypeVar

import faust
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from connectors.kafka.availability import first_available, offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.metadata import describe_topics
from stream_app.exits import CannotGoOn, ExitCode

Answer = TypeVar("Answer")


class FaustBroker:
    """A member of the consumer group, seen through the Faust app.

    Args:
        app: the running app.
        connection: how to reach the same brokers beside Faust.
        topic: full name of the source topic.
        answer_timeout_s: longest wait for the broker.
    """

    def __init__(
        self, app: faust.App, connection: KafkaConnection, topic: str, answer_timeout_s: float
    ) -> None:
        self._app = app
        self._connection = connection
        self._topic = topic
        self._answer_timeout_s = answer_timeout_s

    def generation(self) -> int:
        """Generation of the group that this member belongs to."""
        return int(self._app.consumer_generation_id)

    def assigned(self) -> frozenset[int]:
        """Partitions that this member owns; none before the consumer runs."""
        try:
            assignment = self._app.consumer.assignment()
        except ConsumerNotStarted:
            return frozenset()
        return frozenset(tp.partition for tp in assignment if tp.topic == self._topic)

    def rebalancing(self) -> bool:
        """Whether a rebalance runs."""
        return bool(self._app.rebalancing)

    def stay(self) -> None:
        """Remain a member of the group although nothing is read for a while.

        Faust does not poll without partitions, nor while slow batches leave no room for more, and
        aiokafka leaves the group after `broker_max_poll_interval` without a poll and never joins
        again.
        """
        consumer = self._thread._consumer
        if consumer is not None:
            consumer._subscription._last_fetch_ended = time.monotonic()

    def highwater(self, partition: int) -> int:
        """Offset after the last one known to be readable; 0 if nothing was fetched yet."""
        return self._app.consumer.highwater(self._tp(partition)) or 0

    def unstable(self, partition: int) -> int:
        """Offsets from the first open transaction on, which may not be read yet."""
        return int(self._thread.unstable(self._tp(partition)))

    def passed(self, partition: int, offset: int) -> int:
        """Offset up to which the consumer read on from `offset` and found no record."""
        return int(self._thread.passed(self._tp(partition), offset))

    def fallen(self, partition: int) -> bool:
        """Whether the broker sent the consumer back since the partition was assigned."""
        return bool(self._thread.fallen(self._tp(partition)))

    async def committed(self, partition: int, topic_id: str) -> int | None:
        """Offset that the group has committed in this incarnation of the topic, None if none.

        Kafka keeps a group's offsets for a while after their topic was deleted, and gives them to
        the one that was made in its place.
        """
        place = TopicPartition(self._topic, partition)
        coordinator = self._thread._ensure_consumer()._coordinator
        found = await self._answered(
            self._thread.call_thread(coordinator.fetch_committed_offsets, [place])
        )
        entry = found.get(place)
        if entry is None or entry.offset < 0 or entry.metadata not in {"", topic_id}:
            return None
        return int(entry.offset)

    async def bounds(self, partitions: Collection[int]) -> Mapping[int, tuple[int, int]]:
        """First offset that the broker has of each partition, and the one after its last.

        What an open transaction wrote is not there yet.
        """
        return await self._answered(offset_bounds(self._connection, self._topic, partitions))

    async def first_available(self, partition: int, offset: int) -> int:
        """Offset of the first record at or after `offset`; the end if there is none."""
        return await first_available(self._connection, self._topic, partition, offset)

    async def seek(self, partition: int, offset: int) -> None:
        """Read on from `offset`."""
        await self._app.consumer.seek(self._tp(partition), offset)

    async def commit(self, offsets: Mapping[int, int], topic_id: str) -> bool:
        """Commit next offsets by partition in this incarnation; False if a rebalance was faster.

        Past Faust, which would commit without the topic's id, and end in disorder where it fails.
        """
        commits = {
            TopicPartition(self._topic, partition): OffsetAndMetadata(offset, topic_id)
            for partition, offset in offsets.items()
        }
        consumer = self._thread._ensure_consumer()
        try:
            await self._answered(self._thread.call_thread(consumer.commit, commits))
        except (CommitFailedError, IllegalStateError):
            return False
        except KafkaError as error:
            raise CannotGoOn(
                ExitCode.COMMIT_FAILED, f"Kafka refuses a commit: {error!r}"
            ) from error
        return True

    async def topic_id(self) -> str:
        """Incarnation of the source topic."""
        found = await describe_topics(self._connection, [self._topic])
        if self._topic not in found:
            raise CannotGoOn(ExitCode.NOT_READY, f"topic {self._topic!r} is gone")
        return found[self._topic].topic_id

    @property
    def _thread(self) -> Any:
        """Faust's consumer runs in a thread of its own."""
        return self._app.consumer._thread

    def _tp(self, partition: int) -> TP:
        return TP(self._topic, partition)

    async def _answered(self, answer: Awaitable[Answer]) -> Answer:
        try:
            return await asyncio.wait_for(answer, self._answer_timeout_s)
        except TimeoutError as error:
            raise CannotGoOn(
                ExitCode.COMMIT_FAILED,
                f"Kafka did not answer within {self._answer_timeout_s:.0f} s",
            ) from error
