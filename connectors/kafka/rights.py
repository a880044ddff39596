"""What each user of a Kafka with ACLs needs, and no more; and what this client lacks of it.

The one place that knows it; docs/security.md is written from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import CoordinationType
from aiokafka.errors import (
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
    TransactionalIdAuthorizationFailed,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError
from connectors.kafka.groups import EXTRACTORS
from connectors.kafka.metadata import Operation, TopicDescription
from connectors.kafka.topics import ALERTS, DEAD_LETTERS, POSTS, PREDICTIONS, RAW_POSTS

# of a new cluster's first groups, and of one whose coordinator has just been lost
NOT_YET_KNOWN: Final = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
Role = Literal["producer", "ingester", "extractor", "worker", "verifier", "watcher", "operator"]
Resource = Literal["topic", "group", "transactionalId"]


@dataclass(frozen=True, slots=True)
class Right:
    """An operation on a thing.

    Attributes:
        name: of a topic, without the prefix of a deployment; else what follows the name of the
            scoring workers' group.
        resource: what kind of thing it is about.
    """

    operation: Operation
    name: str = ""
    resource: Resource = "topic"

    @property
    def any_ending(self) -> bool:
        """Whether it is about everything whose name begins like that."""
        return self.resource == "transactionalId"

    def thing(self, prefix: str, group: str) -> str:
        """Whole name of what it is about.

        Args:
            prefix: stands before the names of topics.
            group: of the scoring workers, prefix included.
        """
        return (prefix if self.resource == "topic" else group) + self.name


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


SPOKEN: Final[Mapping[Resource, str]] = {
    "topic": "topic",
    "group": "group",
    "transactionalId": "transactional ids that begin with",
}
_ALL: Final = (POSTS, PREDICTIONS, DEAD_LETTERS, RAW_POSTS, ALERTS)
RIGHTS: Final[Mapping[Role, Sequence[Right]]] = {
    "producer": (Right(Operation.WRITE, POSTS),),
    "ingester": (Right(Operation.READ, RAW_POSTS), Right(Operation.WRITE, RAW_POSTS)),
    "extractor": (
        Right(Operation.READ, RAW_POSTS),
        *_each(Operation.WRITE, POSTS, DEAD_LETTERS),
        Right(Operation.READ, EXTRACTORS, "group"),
        Right(Operation.WRITE, f"{EXTRACTORS}.", "transactionalId"),
    ),
    "worker": (
        Right(Operation.READ, POSTS),
        *_each(Operation.WRITE, PREDICTIONS, DEAD_LETTERS),
        Right(Operation.READ, resource="group"),
    ),
    "verifier": (
        Right(Operation.DESCRIBE, POSTS),
        Right(Operation.READ, PREDICTIONS),
        Right(Operation.DESCRIBE, resource="group"),
    ),
    # reads only where texts are kept: for words of all posts around a shift
    "watcher": (*_each(Operation.READ, POSTS, PREDICTIONS), Right(Operation.WRITE, ALERTS)),
    # makes and checks topics, reads dead letters and sends them again
    "operator": (
        *_each(Operation.CREATE, *_ALL),
        *_each(Operation.DESCRIBE, *_ALL),
        *_each(Operation.DESCRIBE_CONFIGS, *_ALL),
        Right(Operation.READ, DEAD_LETTERS),
        *_each(Operation.WRITE, POSTS, RAW_POSTS),
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
        if right.resource == "topic"
        and (found := topics.get(prefix + right.name)) is not None
        and not found.allows(right.operation)
    ]


async def missing_for_group(connection: KafkaConnection, role: Role, group: str) -> list[str]:
    """The same for its group and its transactions. Empty where the broker does not know yet.

    Args:
        connection: how to reach the brokers.
        role: what the client is for.
        group: of the scoring workers, prefix included.

    Raises:
        BrokerUnreachableError: no broker answers.
    """
    rights = [right for right in RIGHTS[role] if right.resource != "topic"]
    admin = AIOKafkaAdminClient(**connection.client_options())
    try:
        await admin.start()
        allowed = [await _is_allowed(admin, right, right.thing("", group)) for right in rights]
    except (KafkaError, OSError) as error:
        raise BrokerUnreachableError(connection.bootstrap_servers, f"({error!r})") from error
    finally:
        await admin.close()
    return [
        f"{right.operation.name} on {SPOKEN[right.resource]} {right.thing('', group)}"
        for right, may in zip(rights, allowed, strict=True)
        if not may
    ]


async def _is_allowed(admin: AIOKafkaAdminClient, right: Right, name: str) -> bool:
    if right.resource == "transactionalId":
        return await _may_write_transactions(admin, name)
    try:
        coordinator = await admin.find_coordinator(name)
        answer = await admin._send_request(_DescribeGroup(name), coordinator)
        ((code, *_, allowed),) = answer.groups
        if code:
            raise for_code(code)
    except GroupAuthorizationFailedError:
        return False
    except NOT_YET_KNOWN:
        return True
    return bool(allowed >> right.operation & 1)


async def _may_write_transactions(admin: AIOKafkaAdminClient, name: str) -> bool:
    """Only whose coordinator it is may be asked without a transaction: whoever writes may know."""
    try:
        await admin._client.coordinator_lookup(CoordinationType.TRANSACTION, name)
    except TransactionalIdAuthorizationFailed:
        return False
    except CoordinatorNotAvailableError:  # a new cluster's first transaction
        return True
    return True
