"""How far the workers had committed: what a recount starts from.

Not for reading records: that is `connectors.kafka.reading`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import maxsize

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from connectors.conversations.source import SourcePartition
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError, NotAllowedError
from connectors.kafka.topics import describe_topic


@dataclass(frozen=True, slots=True)
class Settled:
    """How far the workers had committed as done.

    Attributes:
        topic: name of `posts`.
        topic_id: its present incarnation; empty where none is known.
        offsets: partition -> last offset; those without a commit are left out.
    """

    topic: str = ""
    topic_id: str = ""
    offsets: Mapping[int, int] = field(default_factory=dict)

    @property
    def fences(self) -> dict[str, int]:
        """`SourcePartition.field` -> last offset that no worker will count any more."""
        return {
            SourcePartition(self.topic, self.topic_id, partition).field: offset
            for partition, offset in self.offsets.items()
        }

    def reached(self, source: SourcePartition, fence: int | None) -> int:
        """The last offset of a partition that must be counted in a track; -1 for none.

        No worker comes back to an earlier incarnation of a topic that was made again: where its
        fence is lost, all of it counts.

        Args:
            source: the partition.
            fence: of the track; None where it has none for the partition.
        """
        counted = -1 if fence is None else fence
        if source.topic != self.topic:
            return counted
        if source.topic_id != self.topic_id:
            return maxsize if fence is None else fence
        return max(counted, self.offsets.get(source.partition, -1))


async def settled_offsets(connection: KafkaConnection, group: str, topic: str) -> Settled:
    """What a group has committed in the topic's present incarnation, without joining it.

    Kafka keeps a group's offsets for a while after their topic was deleted, and gives them to the
    one that was made in its place: workers commit the topic's id beside them.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
        NotAllowedError: this client may not know of the group.
    """
    described = await describe_topic(connection, topic)
    places = [TopicPartition(topic, partition) for partition in range(described.partitions)]
    consumer = AIOKafkaConsumer(
        **connection.client_options(), group_id=group, enable_auto_commit=False
    )
    try:
        await consumer.start()
        # what the consumer shows of a commit lacks its metadata
        commits = await consumer._coordinator.fetch_committed_offsets(places)
        ends = await consumer.end_offsets(places)
    except GroupAuthorizationFailedError as error:
        what = f"DESCRIBE on group {group}"
        raise NotAllowedError(connection.bootstrap_servers, what) from error
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(connection.bootstrap_servers, f"({error!r})") from error
    finally:
        await consumer.stop()
    offsets = {
        place.partition: commit.offset - 1
        for place, commit in commits.items()
        if 0 < commit.offset <= ends[place] and commit.metadata in {"", described.topic_id}
    }
    return Settled(topic, described.topic_id, offsets)
