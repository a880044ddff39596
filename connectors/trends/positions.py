"""How far the workers had committed, and where `predictions` begins: what a recount starts from.

Not for reading records: that is `connectors.kafka.reading`.
"""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from connectors.conversations.source import SourcePartition
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError, NotAllowedError
from connectors.kafka.topics import describe_topic


async def committed_offsets(connection: KafkaConnection, group: str, topic: str) -> dict[str, int]:
    """The last offset that a group has committed as done, without joining it.

    Returns:
        `SourcePartition.field` -> offset, for the topic's present incarnation; partitions
        without a commit are left out.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
        NotAllowedError: this client may not know of the group.
    """
    described = await describe_topic(connection, topic)
    consumer = AIOKafkaConsumer(
        **connection.client_options(), group_id=group, enable_auto_commit=False
    )
    settled = {}
    try:
        await consumer.start()
        for partition in range(described.partitions):
            following = await consumer.committed(TopicPartition(topic, partition))
            if following:
                field = SourcePartition(topic, described.topic_id, partition).field
                settled[field] = following - 1
    except GroupAuthorizationFailedError as error:
        what = f"DESCRIBE on group {group}"
        raise NotAllowedError(connection.bootstrap_servers, what) from error
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(connection.bootstrap_servers, f"({error!r})") from error
    finally:
        await consumer.stop()
    return settled


async def first_offsets(connection: KafkaConnection, topic: str) -> dict[int, int]:
    """The oldest offset that each partition of a topic still holds; above 0 older ones are gone.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
    """
    described = await describe_topic(connection, topic)
    consumer = AIOKafkaConsumer(**connection.client_options(), enable_auto_commit=False)
    try:
        await consumer.start()
        beginnings = await consumer.beginning_offsets(
            [TopicPartition(topic, partition) for partition in range(described.partitions)]
        )
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(connection.bootstrap_servers, f"({error!r})") from error
    finally:
        await consumer.stop()
    return {place.partition: offset for place, offset in beginnings.items()}
