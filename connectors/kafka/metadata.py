"""What the broker says of topics, their ids included: Metadata v12 of the Kafka protocol.

aiokafka stops at v5, and topic ids (KIP-516) came with v10. Only for asking; topics are made in
`topics`.
"""

import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.diagnosis import bootstrap
from connectors.kafka.errors import (
    BrokerUnreachableError,
    NotAllowedError,
    TopicRefusedError,
)

METADATA: Final = 3
UNKNOWN_TOPIC: Final = 3
LEADER_NOT_AVAILABLE: Final = 5
NOT_AUTHORIZED: Final = 29
NO_TOPIC_ID: Final = bytes(16)


class Operation(IntEnum):
    """What an ACL allows; numbers of the protocol. Read and Write include Describe."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """A topic as the broker describes it.

    Attributes:
        topic_id: the topic's incarnation in the broker's own notation (22 characters of
            URL-safe base64): deleted and made again, it has another.
        partitions: how many there are.
        ready: every partition has a leader.
        operations: what this client may do with it, a bit for each `Operation` (KIP-430).
    """

    name: str
    topic_id: str
    partitions: int
    ready: bool
    operations: int

    def allows(self, operation: Operation) -> bool:
        """Whether this client may do that."""
        return bool(self.operations >> operation & 1)

    def require(self, operation: Operation, connection: KafkaConnection) -> None:
        """Raise unless this client may do that.

        Raises:
            NotAllowedError: it may not.
        """
        if not self.allows(operation):
            what = f"{operation.name} on topic {self.name}"
            raise NotAllowedError(connection.bootstrap_servers, what)


class _Uuid(AbstractType):  # type: ignore[misc]  # aiokafka ships no types
    """Sixteen bytes as they are."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: object) -> bytes:
        return data.read(16)  # type: ignore[attr-defined, no-any-return]


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = METADATA
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString()),
                ("port", Int32),
                ("rack", CompactString()),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString()),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):  # type: ignore[misc]
    API_KEY = METADATA
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic_id", _Uuid), ("name", CompactString()), ("tags", TaggedFields)),
        ),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequestV12]):  # type: ignore[misc]
    API_KEY = METADATA

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        wanted: list[tuple[bytes, str, dict[int, bytes]]] = [
            (NO_TOPIC_ID, name, {}) for name in self._topics
        ]
        return request_struct_class(wanted, False, True, {})


async def describe_topics(
    connection: KafkaConnection, topics: Sequence[str], *, timeout_s: float = 10.0
) -> dict[str, TopicDescription]:
    """Ask the broker about topics, without making any.

    Returns:
        What there is by name; a topic that is not there is left out.

    Raises:
        BrokerUnreachableError: no broker answers within about `timeout_s`.
        NotAllowedError: this client may not know of one of them.
        TopicRefusedError: the broker will not describe one of them.
    """
    async with _client(connection, timeout_s) as client:
        try:
            answer = await client.send(client.get_random_node(), _MetadataRequest(topics))
        except (KafkaError, OSError) as error:
            raise BrokerUnreachableError(connection.bootstrap_servers) from error
    found = {}
    for code, name, topic_id, _, partitions, operations, _ in answer.topics:
        if code == UNKNOWN_TOPIC:
            continue
        if code == NOT_AUTHORIZED:
            raise NotAllowedError(connection.bootstrap_servers, f"DESCRIBE on topic {name}")
        if code not in {0, LEADER_NOT_AVAILABLE}:
            raise TopicRefusedError(f"the broker will not describe {name!r}: {for_code(code)!r}")
        found[name] = TopicDescription(
            name=name,
            topic_id=base64.urlsafe_b64encode(topic_id).rstrip(b"=").decode(),
            partitions=len(partitions),
            ready=bool(partitions) and all(partition[2] >= 0 for partition in partitions),
            operations=operations,
        )
    return found


@contextlib.asynccontextmanager
async def _client(connection: KafkaConnection, timeout_s: float) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**connection.client_options(), request_timeout_ms=int(timeout_s * 1000))
    try:
        await bootstrap(client, connection, timeout_s)
        yield client
    finally:
        await client.close()
