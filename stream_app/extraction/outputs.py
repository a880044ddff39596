"""What an extracting worker writes: `posts`, `posts.dlq` and its offsets, in one transaction.

Each source partition has a transactional id of its own, so that its owner is the only one who can
write what is made of it. Not for the transactions themselves: `connectors.kafka.transactions`.
"""

from collections.abc import Sequence
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from connectors.conversations.source import SourcePartition
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import FencedError, KafkaConnectorError
from connectors.kafka.groups import transactional_id
from connectors.kafka.sending import Sendable
from connectors.kafka.transactions import TransactionalWriter
from stream_app.core.extraction import Extracted, ExtractionOutcome
from stream_app.core.outcome import Rejected
from stream_app.core.record import Record
from stream_app.dead_letter import dead_letter
from stream_app.exits import CannotGoOn, ExitCode

Decision = tuple[Record, ExtractionOutcome]


class ExtractionOutputs(Protocol):
    """Where extracted posts go."""

    async def own(self, source: SourcePartition) -> None:
        """Be the only one who writes what is made of a partition."""
        ...

    async def disown(self) -> None:
        """Give up every partition."""
        ...

    async def write(self, source: SourcePartition, decisions: Sequence[Decision]) -> None:
        """Write what became of records of a partition, and commit that they are done."""
        ...


class TransactionalOutputs:
    """Writes to Kafka.

    Args:
        connection: how to reach it.
        posts_topic: full name of `posts`.
        dead_letters_topic: full name of `posts.dlq`.
        group: whole name of the workers' group.
    """

    def __init__(
        self, connection: KafkaConnection, posts_topic: str, dead_letters_topic: str, group: str
    ) -> None:
        self._connection = connection
        self._posts_topic = posts_topic
        self._dead_letters_topic = dead_letters_topic
        self._group = group
        self._writers: dict[int, TransactionalWriter] = {}

    async def own(self, source: SourcePartition) -> None:
        """Shut out whoever wrote for the partition before.

        Raises:
            CannotGoOn: Kafka does not allow it, or does not answer.
        """
        before = self._writers.pop(source.partition, None)
        if before is not None:
            await before.close()
        name = transactional_id(self._group, source.partition)
        try:
            writer = await TransactionalWriter(self._connection, name).open()
        except KafkaConnectorError as error:
            raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error
        self._writers[source.partition] = writer

    async def disown(self) -> None:
        """Disconnect every writer; what they have not committed is aborted."""
        writers = list(self._writers.values())
        self._writers.clear()
        for writer in writers:
            await writer.close()

    async def write(self, source: SourcePartition, decisions: Sequence[Decision]) -> None:
        """Write and commit, all or nothing.

        Raises:
            CannotGoOn: another worker owns the partition by now, or Kafka did not commit.
        """
        writer = self._writers.get(source.partition)
        if writer is None:
            raise CannotGoOn(
                ExitCode.PARTITION_LOST, f"partition {source.partition} was taken away"
            )
        place = TopicPartition(source.topic, source.partition)
        done = OffsetAndMetadata(decisions[-1][0].offset + 1, source.topic_id)
        records = {
            self._posts_topic: [
                Sendable(outcome.key, outcome.value)
                for _, outcome in decisions
                if isinstance(outcome, Extracted)
            ],
            self._dead_letters_topic: [
                dead_letter(source, record, outcome)
                for record, outcome in decisions
                if isinstance(outcome, Rejected)
            ],
        }
        try:
            await writer.write(records, self._group, {place: done})
        except FencedError as error:
            raise CannotGoOn(
                ExitCode.FENCED, f"partition {source.partition} has another owner: {error}"
            ) from error
        except KafkaConnectorError as error:
            raise CannotGoOn(ExitCode.COMMIT_FAILED, str(error)) from error
