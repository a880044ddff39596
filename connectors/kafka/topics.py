"""Voxpop's topics: which there are, how they are made, and how they differ from what is wanted.

Not for asking the broker in general: `metadata` does that. An existing topic is never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import (
    BrokerUnreachableError,
    NotAllowedError,
    TopicMissingError,
    TopicRefusedError,
)
from connectors.kafka.metadata import TopicDescription, describe_topics
from connectors.kafka.waiting import until

POSTS: Final = "posts"
PREDICTIONS: Final = "predictions"
DEAD_LETTERS: Final = "posts.dlq"
RAW_POSTS: Final = "posts.raw"
ALERTS: Final = "alerts"

DEFAULT_PARTITIONS: Final = 8
READY_WITHIN_S: Final = 20.0
PREDICTIONS_RETENTION_DAYS: Final = 14.0
DEAD_LETTERS_RETENTION_DAYS: Final = 30.0
RAW_POSTS_RETENTION_DAYS: Final = 3.0
"""With a segment's age below the 7 days after which Kafka forgets the offsets of an empty group
(`offsets.retention.minutes`): such a group begins at the first record, and none it read is left."""
DAY_MS: Final = 86_400_000
KEPT_FOR_EVER: Final = "-1"
NOT_ALLOWED: Final = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)
DEAD_LETTER_MAX_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be.

    Attributes:
        replication: copies of each partition.
        config: topic settings that differ from the broker's defaults.
    """

    name: str
    partitions: int
    replication: int = 1
    config: Mapping[str, str] = field(default_factory=dict)


def voxpop_topics(
    prefix: str = "",
    partitions: int = DEFAULT_PARTITIONS,
    replication: int = 1,
    post_max_bytes: int = 1024 * 1024,
    *,
    predictions_retention_days: float | None = PREDICTIONS_RETENTION_DAYS,
    dead_letters_retention_days: float | None = DEAD_LETTERS_RETENTION_DAYS,
    raw_posts_retention_days: float | None = RAW_POSTS_RETENTION_DAYS,
) -> list[TopicSpec]:
    """The five topics of a deployment.

    `posts` and `posts.raw` take records of twice `post_max_bytes`, so that a post too large reaches
    a worker and is told so. Limits of a topic are for compressed records, and a dead letter may
    compress worse than the batch it came in: `posts.dlq` takes far more. `posts` carries the
    broker's time, which no producer can bend.

    What Redis lost can be made again from `predictions` as far back as those are kept: by default
    for twice as long as a backup of Redis is old that is made every week. 90 days are those of
    all hourly buckets, and cost about 48 GB a day at 1,000 posts/s, before compression and copies.

    Args:
        prefix: of their names.
        partitions: of each.
        replication: copies of each partition.
        post_max_bytes: a larger post is refused by the worker.
        predictions_retention_days: infinity: for ever; None: not said.
        dead_letters_retention_days: likewise.
        raw_posts_retention_days: likewise.
    """
    durable = {"min.insync.replicas": "2"} if replication >= 3 else {}
    twice = str(2 * post_max_bytes)
    configs: dict[str, dict[str, str]] = {
        POSTS: {
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": twice,
        },
        PREDICTIONS: _kept_for(predictions_retention_days),
        DEAD_LETTERS: {
            "max.message.bytes": str(max(DEAD_LETTER_MAX_BYTES, 4 * post_max_bytes)),
            **_kept_for(dead_letters_retention_days),
        },
        RAW_POSTS: {"max.message.bytes": twice, **_gone_within(raw_posts_retention_days)},
        ALERTS: {},
    }
    return [
        TopicSpec(prefix + name, partitions, replication, durable | config)
        for name, config in configs.items()
    ]


def _kept_for(days: float | None) -> dict[str, str]:
    if days is None:
        return {}
    return {"retention.ms": KEPT_FOR_EVER if days == inf else str(round(days * DAY_MS))}


def _gone_within(days: float | None) -> dict[str, str]:
    """A record stays until its segment is closed, a week at first, and as old as this then."""
    if days is None:
        return {}
    return {**_kept_for(days), "segment.ms": str(round(min(days, 1.0) * DAY_MS))}


async def create_topics(connection: KafkaConnection, specs: Sequence[TopicSpec]) -> list[str]:
    """Make the topics that are missing and wait until each partition has a leader.

    Returns:
        Names of those that were made, in the order given; one that exists is left as it is, see
        `topic_differences`.

    Raises:
        BrokerUnreachableError: no broker answers.
        NotAllowedError: this client may not make one.
        TopicRefusedError: the broker will not make one, or it is not ready in 20 s.
    """
    existing = await describe_topics(connection, [spec.name for spec in specs])
    missing = [spec for spec in specs if spec.name not in existing]
    if not missing:
        return []
    async with _Admin(connection) as admin:
        answer = await admin.create_topics(
            [
                NewTopic(spec.name, spec.partitions, spec.replication, topic_configs=spec.config)
                for spec in missing
            ]
        )
    if denied := sorted(name for name, code, *_ in answer.topic_errors if code in NOT_ALLOWED):
        what = f"CREATE on topic {', '.join(denied)}"
        raise NotAllowedError(connection.bootstrap_servers, what)
    created = []
    for name, code, *message in answer.topic_errors:
        if code == 0:
            created.append(name)
        elif code != TopicAlreadyExistsError.errno:  # somebody else may make the same just now
            raise TopicRefusedError(
                f"the broker will not make topic {name!r}: {for_code(code).__name__}"
                f" {message[0] if message else ''}"
            )
    await _until_ready(connection, [spec.name for spec in missing])
    return [spec.name for spec in missing if spec.name in created]


async def topic_differences(connection: KafkaConnection, specs: Sequence[TopicSpec]) -> list[str]:
    """What existing topics have otherwise than wanted, a line each; empty when all is well.

    More partitions than wanted are no difference: a topic may have been grown.

    Raises:
        BrokerUnreachableError: no broker answers.
    """
    described = await describe_topics(connection, [spec.name for spec in specs])
    differences = []
    for spec in specs:
        found = described.get(spec.name)
        if found is None:
            differences.append(f"{spec.name}: is missing; make it with `voxpop topics create`")
        elif found.partitions < spec.partitions:
            differences.append(
                f"{spec.name}: has {found.partitions} partitions, {spec.partitions} are wanted; "
                "grow it with `kafka-topics.sh --alter --partitions` while no worker runs"
            )
    configs = await _configs(connection, [spec.name for spec in specs if spec.name in described])
    for spec in specs:
        if spec.config and spec.name in described and spec.name not in configs:
            differences.append(f"{spec.name}: its settings may not be read (DESCRIBE_CONFIGS)")
        for key, wanted in spec.config.items():
            value = configs.get(spec.name, {}).get(key, wanted)
            if value != wanted:
                differences.append(
                    f"{spec.name}: {key} is {value}, {wanted} is wanted; "
                    "change it with `kafka-configs.sh --alter`"
                )
    return differences


async def describe_topic(connection: KafkaConnection, topic: str) -> TopicDescription:
    """One topic's id and partitions, from one question to the broker.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
    """
    described = await describe_topics(connection, [topic])
    if topic not in described:
        raise TopicMissingError(topic, connection.bootstrap_servers)
    return described[topic]


async def topic_id(connection: KafkaConnection, topic: str) -> str:
    """The topic's incarnation: another one after it was deleted and made again (KIP-516).

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
    """
    return (await describe_topic(connection, topic)).topic_id


async def partition_count(connection: KafkaConnection, topic: str) -> int:
    """How many partitions the topic has now; it can grow and never shrinks.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
    """
    return (await describe_topic(connection, topic)).partitions


async def _until_ready(connection: KafkaConnection, topics: Sequence[str]) -> None:
    async def ready() -> bool:
        described = await describe_topics(connection, topics)
        return len(described) == len(topics) and all(found.ready for found in described.values())

    if not await until(ready, within_s=READY_WITHIN_S):
        raise TopicRefusedError(
            f"not every partition of {', '.join(topics)} has a leader {READY_WITHIN_S:.0f} s "
            "after creation; look into the broker's log"
        )


async def _configs(connection: KafkaConnection, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    async with _Admin(connection) as admin:
        answers = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        )
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if code == 0
    }


class _Admin:
    """aiokafka's admin client as a context that speaks this package's errors."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._admin = AIOKafkaAdminClient(**connection.client_options())

    async def __aenter__(self) -> AIOKafkaAdminClient:
        try:
            await self._admin.start()
        except (KafkaError, OSError) as error:
            await self._admin.close()
            raise BrokerUnreachableError(self._connection.bootstrap_servers) from error
        return self._admin

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()
