"""What each user of a Kafka with ACLs needs, and no more; and what this client lacks of it.

The one place that knows it; docs/security.md is written from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    KafkaError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError
from connectors.kafka.metadata import Operation, TopicDescription
from connectors.kafka.topics import ALERTS, DEAD_LETTERS, POSTS, PREDICTIONS, RAW_POSTS

Role = Literal["producer", "ingester", "worker", "verifier", "watcher", "operator"]
Resource = Literal["topic", "group"]


@dataclass(frozen=True, slots=True)
class Right:
    """An operation on a topic, or on the workers' group where `name` is empty."""

    operation: Operation
    name: str = ""

    @property
    def resource(self) -> Resource:
        """What kind of thing it is about."""
        return "topic" if self.name else "group"


def _each(operation: Operation, *topics: str) -> Iterator[Right]:
    return (Right(operation, topic) for topic in topics)


class _DescribeGroupsV3(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    """aiokafka's own reads the answer of the version before, without the operations."""

    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = DescribeGroupsResponse_v3
    SCHEMA = DescribeGroupsRequest_v3.SCHEMA


class _DescribeGroup(Request[_DescribeGroupsV3]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_DescribeGroupsV3]) -> _DescribeGroupsV3:
        return request_struct_class([self._group], True)


_ALL: Final = (POSTS, PREDICTIONS, DEAD_LETTERS, RAW_POSTS, ALERTS)
RIGHTS: Final[Mapping[Role, Sequence[Right]]] = {
    "producer": (Right(Operation.WRITE, POSTS),),
    "ingester": (Right(Operation.READ, RAW_POSTS), Right(Operation.WRITE, RAW_POSTS)),
    "worker": (
        Right(Operation.READ, POSTS),
        *_each(Operation.WRITE, PREDICTIONS, DEAD_LETTERS),
        Right(Operation.READ),
    ),
    "verifier": (
        Right(Operation.DESCRIBE, POSTS),
        Right(Operation.READ, PREDICTIONS),
        Right(Operation.DESCRIBE),
    ),
    "watcher": (Right(Operation.WRITE, ALERTS),),
    # makes and checks topics, reads dead letters and sends them again
    "operator": (
        *_each(Operation.CREATE, *_ALL),
        *_each(Operation.DESCRIBE, *_ALL),
        *_each(Operation.DESCRIBE_CONFIGS, *_ALL),
        Right(Operation.READ, DEAD_LETTERS),
        Right(Operation.WRITE, POSTS),
    ),
}


def missing_for_topics(
    role: Role, topics: Mapping[str, TopicDescription], prefix: str
) -> list[str]:
    """What the client may not do of what its role does with topics; a line each.

    Args:
        role: what the client is for.
        topics: as the broker describes them to this client; others are left out.
        prefix: stands before the names of topics.
    """
    return [
        f"{right.operation.name} on topic {prefix}{right.name}"
        for right in RIGHTS[role]
        if (found := topics.get(prefix + right.name)) is not None
        and not found.allows(right.operation)
    ]


async def missing_for_group(connection: KafkaConnection, role: Role, group: str) -> list[str]:
    """The same for the workers' group. Empty where the broker does not know yet.

    Raises:
        BrokerUnreachableError: no broker answers.
    """
    wanted = [right.operation for right in RIGHTS[role] if right.resource == "group"]
    admin = AIOKafkaAdminClient(**connection.client_options())
    try:
        await admin.start()
        coordinator = await admin.find_coordinator(group)
        answer = await admin._send_request(_DescribeGroup(group), coordinator)
        ((code, *_, allowed),) = answer.groups
        if code:
            raise for_code(code)
    except GroupAuthorizationFailedError:
        allowed = 0
    except GroupCoordinatorNotAvailableError:  # a new cluster's first group
        return []
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(connection.bootstrap_servers, f"({error!r})") from error
    finally:
        await admin.close()
    return [f"{each.name} on group {group}" for each in wanted if not allowed >> each & 1]
