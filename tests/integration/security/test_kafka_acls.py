"""A user with the rights of its role can do its work; with one less it is told which."""

import time
from dataclasses import replace
from typing import get_args

import pytest

from connectors.alerts.topic import AlertTopic
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import NotAllowedError
from connectors.kafka.metadata import Operation, describe_topics
from connectors.kafka.parts import TopicParts, While
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.rights import (
    RIGHTS,
    SPOKEN,
    Right,
    Role,
    missing_for_group,
    missing_for_topics,
)
from connectors.kafka.topics import (
    ALERTS,
    POSTS,
    PREDICTIONS,
    RAW_POSTS,
    create_topics,
    topic_differences,
    voxpop_topics,
)
from connectors.sources.raw_topic import RawTopic
from connectors.trends.positions import settled_offsets
from tests.integration.pipelines import make_post
from tests.integration.security.conftest import PASSWORD, GuardedKafka
from tests.integration.security.kafka_acls import allow
from tests.unit.connectors_alerts.alerts import alert
from tests.unit.connectors_sources.fakes import post as raw_post

pytestmark = pytest.mark.integration


@pytest.fixture
async def administrator(guarded_kafka: GuardedKafka, prefix: str) -> KafkaConnection:
    """May do everything; its topics are made."""
    found = KafkaConnection(guarded_kafka.address("plain"))
    await create_topics(found, voxpop_topics(prefix, 1))
    return found


@pytest.fixture
def user(sasl: KafkaConnection) -> KafkaConnection:
    """Of no right but those that a test gives it, each to topics of its own prefix."""
    return replace(sasl, sasl_username="worker", sasl_password=PASSWORD)


async def attempt(role: Role, user: KafkaConnection, prefix: str, group: str) -> None:
    """Do what a role does; a worker's own work is in the test of a whole worker."""
    match role:
        case "producer":
            async with PostProducer(user, topic=prefix + POSTS) as producer:
                await producer.send(make_post(1))
        case "ingester":
            async with RawTopic(user, prefix + RAW_POSTS, "ingest-1", 1000) as raw:
                await raw.send(raw_post("p1"))
                await raw.flush()
                assert [own async for own in raw.own_posts({})] == ["p1"]
        case "watcher":
            async with AlertTopic(user, prefix + ALERTS) as topic, TopicParts(user) as parts:
                await topic.put(alert())
                assert [own async for own in parts.at(prefix + POSTS, {0: [0]})] == []
                now = While(0.0, time.time())
                assert [own async for own in parts.during(prefix + PREDICTIONS, now, 9)] == []
        case "worker" | "extractor":
            topics = [right.name for right in RIGHTS[role] if right.resource == "topic"]
            found = await describe_topics(user, [prefix + topic for topic in topics])
            missing = missing_for_topics(role, found, prefix)
            missing += await missing_for_group(user, role, group)
            if missing:
                raise NotAllowedError(user.bootstrap_servers, ", ".join(missing))
        case "verifier":
            await settled_offsets(user, group, prefix + POSTS)
            assert [record async for record in read_topic(user, prefix + PREDICTIONS)] == []
        case "operator":
            await create_topics(user, voxpop_topics(prefix, 1))
            assert await topic_differences(user, voxpop_topics(prefix, 1)) == []


@pytest.mark.parametrize("role", get_args(Role))
async def test_a_role_can_do_its_work_with_its_rights(
    administrator: KafkaConnection, user: KafkaConnection, prefix: str, role: Role
) -> None:
    await allow(administrator, "worker", list(RIGHTS[role]), prefix, f"{prefix}group")
    await attempt(role, user, prefix, f"{prefix}group")


@pytest.mark.parametrize(
    ("role", "lacking"),
    [
        ("producer", f"WRITE on topic {{prefix}}{POSTS}"),
        ("ingester", f"WRITE on topic {{prefix}}{RAW_POSTS}"),
        ("ingester", f"READ on topic {{prefix}}{RAW_POSTS}"),
        ("worker", f"READ on topic {{prefix}}{POSTS}"),
        ("worker", f"WRITE on topic {{prefix}}{PREDICTIONS}"),
        ("worker", "READ on group {prefix}group"),
        ("extractor", f"READ on topic {{prefix}}{RAW_POSTS}"),
        ("extractor", "READ on group {prefix}group-extract"),
        ("extractor", "WRITE on transactional ids that begin with {prefix}group-extract."),
        ("verifier", f"READ on topic {{prefix}}{PREDICTIONS}"),
        ("watcher", f"READ on topic {{prefix}}{POSTS}"),
        ("watcher", f"READ on topic {{prefix}}{PREDICTIONS}"),
        ("verifier", "DESCRIBE on group {prefix}group"),
    ],
)
async def test_a_right_that_is_missing_is_named(
    administrator: KafkaConnection, user: KafkaConnection, prefix: str, role: Role, lacking: str
) -> None:
    named = lacking.format(prefix=prefix)
    left = [right for right in RIGHTS[role] if _name(right, prefix) != named]
    assert len(left) == len(RIGHTS[role]) - 1
    topics = [right for right in RIGHTS[role] if right.resource == "topic"]
    seen = [replace(right, operation=Operation.DESCRIBE) for right in topics]
    await allow(administrator, "worker", [*left, *seen], prefix, f"{prefix}group")
    with pytest.raises(NotAllowedError, match=rf"may not .*{named}.*docs/security\.md"):
        await attempt(role, user, prefix, f"{prefix}group")


async def test_a_user_that_may_see_nothing_is_told_so(
    administrator: KafkaConnection, user: KafkaConnection, prefix: str
) -> None:
    assert administrator
    with pytest.raises(NotAllowedError, match=f"DESCRIBE on topic {prefix}posts"):
        await describe_topics(user, [prefix + POSTS])


async def test_who_may_not_make_topics_is_told_so(
    administrator: KafkaConnection, user: KafkaConnection, prefix: str
) -> None:
    wanted = voxpop_topics(f"{prefix}more-", 1)
    describe = [
        replace(right, operation=Operation.DESCRIBE) for right in RIGHTS["operator"] if right.name
    ]
    await allow(administrator, "worker", describe, f"{prefix}more-", "unused")
    with pytest.raises(NotAllowedError, match=f"CREATE on topic .*{prefix}more-posts"):
        await create_topics(user, wanted)


def _name(right: Right, prefix: str) -> str:
    thing = right.thing(prefix, f"{prefix}group")
    return f"{right.operation.name} on {SPOKEN[right.resource]} {thing}"
