"""A whole worker with the rights of its role and no others, and how it refuses to run."""

import asyncio
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import redis.asyncio

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.rights import RIGHTS
from connectors.kafka.topics import create_topics, voxpop_topics
from connectors.redis_connection import RedisConnection
from connectors.redis_rights import acl_rule
from deploy.local.processes import LOCALHOST, free_ports
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.requirements import require_redis, require_topics
from tests.integration.pipelines import PipelineUnderTest, pipeline, until
from tests.integration.security.conftest import (
    PASSWORD,
    REDIS_PASSWORD,
    Certificates,
    GuardedKafka,
    GuardedRedis,
    make_redis_user,
)
from tests.integration.security.kafka_acls import allow

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

Way = Literal["passwords", "certificates"]
TELLTALE = "telltale"


@pytest.fixture
def environment(
    guarded_kafka: GuardedKafka, guarded_redis: GuardedRedis, prefix: str
) -> Mapping[str, str]:
    """How the test itself looks on."""
    return {
        "VOXPOP_KAFKA": guarded_kafka.address("plain"),
        "VOXPOP_REDIS": f"redis://{LOCALHOST}:{guarded_redis.plain}/1",
        "VOXPOP_TOPIC_PREFIX": prefix,
        "VOXPOP_GROUP": "voxpop",
    }


def secured(
    way: Way, role: str, kafka: GuardedKafka, servers: GuardedRedis, certificates: Certificates
) -> dict[str, str]:
    """How a worker is told of its servers, its users and its certificates."""
    authority = str(certificates.own.cafile)
    certificate, key = map(str, certificates.own.client("worker"))
    port = servers.tls if way == "passwords" else servers.mutual
    common = {
        "VOXPOP_KAFKA_SSL_CAFILE": authority,
        "VOXPOP_REDIS": f"rediss://{role}:{REDIS_PASSWORD}@{LOCALHOST}:{port}/1",
        "VOXPOP_REDIS_SSL_CAFILE": authority,
    }
    if way == "passwords":
        return common | {
            "VOXPOP_KAFKA": kafka.address("sasl"),
            "VOXPOP_KAFKA_SECURITY": "SASL_SSL",
            "VOXPOP_KAFKA_SASL_USERNAME": "worker",
            "VOXPOP_KAFKA_SASL_PASSWORD": PASSWORD,
        }
    return common | {
        "VOXPOP_KAFKA": kafka.address("mutual"),
        "VOXPOP_KAFKA_SECURITY": "SSL",
        "VOXPOP_KAFKA_SSL_CERTFILE": certificate,
        "VOXPOP_KAFKA_SSL_KEYFILE": key,
        "VOXPOP_REDIS_SSL_CERTFILE": certificate,
        "VOXPOP_REDIS_SSL_KEYFILE": key,
    }


def page(port: int) -> str:
    """What a worker tells Prometheus."""
    with urllib.request.urlopen(f"http://{LOCALHOST}:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


async def give_rights(
    way: Way, voxpop: PipelineUnderTest, administrator: redis.asyncio.Redis
) -> None:
    """To the worker its own; a verifier of Redis is another user, of Kafka the worker again."""
    user = "worker" if way == "passwords" else "CN=worker,OU=test,O=voxpop"
    rights = [*RIGHTS["worker"], *RIGHTS["verifier"]]
    await allow(voxpop.kafka, user, rights, voxpop.prefix, voxpop.group)
    for role in ("worker", "verifier"):
        rule = acl_rule(role, f"{voxpop.prefix}voxpop")
        await make_redis_user(administrator, role, rule)


@pytest.mark.parametrize("way", ["passwords", "certificates"])
async def test_a_worker_counts_every_post_with_the_rights_of_its_role_alone(
    way: Way,
    environment: Mapping[str, str],
    guarded_kafka: GuardedKafka,
    guarded_redis: GuardedRedis,
    redis_administrator: redis.asyncio.Redis,
    certificates: Certificates,
    tmp_path: Path,
) -> None:
    async with pipeline(environment, tmp_path) as voxpop:
        await give_rights(way, voxpop, redis_administrator)
        plain = voxpop.environment

        def become(role: str) -> None:
            own = secured(way, role, guarded_kafka, guarded_redis, certificates)
            voxpop.environment = {**plain, **own}

        become("worker")
        (metrics_port,) = free_ports(1)
        voxpop.environment = {**voxpop.environment, "VOXPOP_METRICS_PORT": str(metrics_port)}
        worker = await voxpop.ready_worker("w1")
        await voxpop.send(60, per_s=200)
        await voxpop.until_counted()
        assert await voxpop.counted() == voxpop.sent
        metrics = await asyncio.to_thread(page, metrics_port)
        become("verifier")
        code, said = await voxpop.voxpop("verify")
        assert code == 0, said
        await asyncio.to_thread(worker.stop)
        assert worker.exit_code == 0
        log = worker.log.read_text()
        assert "voxpop_stage_seconds" in metrics
        assert TELLTALE not in log + said + metrics


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"VOXPOP_KAFKA_SASL_PASSWORD": "telltale-wrong"}, "VOXPOP_KAFKA_SASL_PASSWORD"),
        ({"VOXPOP_REDIS_SSL_KEYFILE": "/nowhere.pem"}, "VOXPOP_REDIS_SSL_CERTFILE"),
    ],
)
async def test_a_worker_that_is_not_let_in_ends_with_the_setting_and_no_secret(
    wrong: Mapping[str, str],
    said: str,
    environment: Mapping[str, str],
    guarded_kafka: GuardedKafka,
    guarded_redis: GuardedRedis,
    certificates: Certificates,
    tmp_path: Path,
) -> None:
    own = secured("passwords", "worker", guarded_kafka, guarded_redis, certificates)
    voxpop = PipelineUnderTest({**environment, **own, **wrong}, tmp_path)
    worker = voxpop.worker("w1")

    async def ended() -> bool:
        return worker.exit_code is not None

    try:
        await until(ended)
    finally:
        voxpop.stop()
    log = worker.log.read_text()
    assert worker.exit_code == ExitCode.NOT_READY, log
    assert said in log.splitlines()[-1]
    assert "Traceback" not in log
    assert TELLTALE not in log


async def test_a_worker_without_a_right_of_kafka_names_it(
    sasl: KafkaConnection, guarded_kafka: GuardedKafka, prefix: str
) -> None:
    administrator = KafkaConnection(guarded_kafka.address("plain"))
    await create_topics(administrator, voxpop_topics(prefix, 1))
    left = [right for right in RIGHTS["worker"] if right.resource == "topic"]
    await allow(administrator, "worker", left, prefix, "unused")
    user = replace(sasl, sasl_username="worker")
    with pytest.raises(CannotGoOn, match=f"READ on group {prefix}group") as refused:
        await require_topics(user, "worker", prefix, f"{prefix}group")
    assert refused.value.code == ExitCode.NOT_READY


async def test_a_worker_without_a_right_of_redis_names_it(
    redis_tls: RedisConnection, redis_administrator: redis.asyncio.Redis, namespace: str
) -> None:
    await make_redis_user(redis_administrator, "worker", f"{acl_rule('worker', namespace)} -zadd")
    with pytest.raises(CannotGoOn, match=r"VOXPOP_REDIS may not ZADD; docs/security\.md"):
        await require_redis(redis_tls, namespace)
    await make_redis_user(redis_administrator, "worker", f"{acl_rule('worker', namespace)} -@all")
    with pytest.raises(CannotGoOn, match=r"lacks a right .*docs/security\.md") as refused:
        await require_redis(redis_tls, namespace)
    assert TELLTALE not in refused.value.why
