"""A Kafka that asks for users and certificates, and a Valkey behind TLS, once for these tests."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis.asyncio

from connectors.kafka.connection import KafkaConnection
from connectors.redis_connection import RedisConnection
from connectors.redis_rights import acl_rule
from deploy.local import kafka, valkey
from deploy.local.jars import fetch_jars
from deploy.local.kafka_security import KafkaSecurity, Listener
from deploy.local.processes import LOCALHOST, free_ports, start_server
from deploy.local.progress import silent
from tests.integration.security.certificates import Authority
from tests.integration.security.tls_proxy import tls_proxy

PASSWORD = "telltale-kafka-pass"
REDIS_PASSWORD = "telltale-redis-pass"
STOP_S = 20.0


@dataclass(frozen=True)
class Certificates:
    """Of the servers' authority, and of one that nobody trusts."""

    own: Authority
    foreign: Authority
    server: Path
    expired: Path
    elsewhere: Path


@dataclass(frozen=True)
class GuardedKafka:
    """The ports of one broker; each TLS listener has a certificate of its own."""

    plain: int
    sasl: int
    mutual: int
    expired: int
    elsewhere: int

    def address(self, listener: str) -> str:
        return f"{LOCALHOST}:{getattr(self, listener)}"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    own, foreign = Authority(folder, "own"), Authority(folder, "foreign")
    return Certificates(
        own=own,
        foreign=foreign,
        server=own.server("server", "localhost", LOCALHOST),
        expired=own.expired("expired", "localhost", LOCALHOST),
        elsewhere=own.server("elsewhere", "kafka.elsewhere.test"),
    )


@pytest.fixture(scope="session")
def guarded_kafka(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[GuardedKafka]:
    """A broker with SASL and mutual TLS, and listeners that are wrong in one way each."""
    found = GuardedKafka(*free_ports(5))
    authority = certificates.own.cafile
    security = KafkaSecurity(
        listeners=[
            Listener("SCRAM", "SASL_SSL", found.sasl, certificates.server, authority),
            Listener("MUTUAL", "SSL", found.mutual, certificates.server, authority),
            Listener("EXPIRED", "SASL_SSL", found.expired, certificates.expired, authority),
            Listener("ELSEWHERE", "SASL_SSL", found.elsewhere, certificates.elsewhere, authority),
        ],
        users={"all": PASSWORD, "worker": PASSWORD, "nobody": PASSWORD},
        superusers=["User:all", "User:CN=all,OU=test,O=voxpop"],
    )
    folder = tmp_path_factory.mktemp("guarded-kafka")
    server = kafka.start_kafka(folder, fetch_jars(silent), found.plain, security)
    try:
        kafka.wait_for_kafka(server, folder)
        yield found
    finally:
        server.stop(STOP_S)


@pytest.fixture
def sasl(guarded_kafka: GuardedKafka, certificates: Certificates) -> KafkaConnection:
    """A user that may do everything, by TLS and SCRAM-SHA-512."""
    return KafkaConnection(
        guarded_kafka.address("sasl"),
        "SASL_SSL",
        ssl_cafile=certificates.own.cafile,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="all",
        sasl_password=PASSWORD,
    )


@dataclass(frozen=True)
class GuardedRedis:
    """The ports that lead to one Valkey: itself, and through TLS in several ways."""

    plain: int
    tls: int
    mutual: int
    expired: int
    elsewhere: int


@pytest.fixture(scope="session")
def guarded_redis(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[GuardedRedis]:
    """A Valkey of its own, since these tests make users in it.

    VOXPOP_TEST_REDIS_SERVER names the program of a Redis that speaks TLS itself: the same tests
    then hold for it.
    """
    folder = tmp_path_factory.mktemp("guarded-valkey")
    authority = certificates.own.cafile
    program = os.environ.get("VOXPOP_TEST_REDIS_SERVER")
    with contextlib.ExitStack() as stack:
        if program:
            port, tls = free_ports(2)
            command = [program, "--port", str(port), "--tls-port", str(tls), "--dir", str(folder)]
            command += ["--tls-cert-file", str(certificates.server)]
            command += ["--tls-key-file", str(certificates.server)]
            command += ["--tls-ca-cert-file", str(authority), "--tls-auth-clients", "no"]
            server = start_server("redis", command, port, valkey.log_file(folder))
        else:
            server = valkey.start_valkey(folder, None)
            tls = stack.enter_context(tls_proxy(server.port, certificates.server))
        stack.callback(server.stop, STOP_S)
        valkey.wait_for_valkey(server, folder)
        mutual = stack.enter_context(tls_proxy(server.port, certificates.server, authority))
        expired = stack.enter_context(tls_proxy(server.port, certificates.expired))
        elsewhere = stack.enter_context(tls_proxy(server.port, certificates.elsewhere))
        yield GuardedRedis(server.port, tls, mutual, expired, elsewhere)


@pytest.fixture
async def redis_administrator(guarded_redis: GuardedRedis) -> AsyncIterator[redis.asyncio.Redis]:
    """May do everything."""
    async with RedisConnection(f"redis://{LOCALHOST}:{guarded_redis.plain}/1").open() as client:
        yield client


@pytest.fixture
async def redis_tls(
    guarded_redis: GuardedRedis,
    redis_administrator: redis.asyncio.Redis,
    certificates: Certificates,
) -> RedisConnection:
    """A user with a worker's rights on the keys of `voxpop`, through TLS."""
    await make_redis_user(redis_administrator, "worker", acl_rule("worker"))
    return RedisConnection(
        f"rediss://worker:{REDIS_PASSWORD}@{LOCALHOST}:{guarded_redis.tls}/1",
        ssl_cafile=certificates.own.cafile,
    )


async def make_redis_user(administrator: redis.asyncio.Redis, name: str, rule: str) -> None:
    """A user of that rule alone, with the password of these tests."""
    await administrator.execute_command(  # type: ignore[no-untyped-call]
        "ACL", "SETUSER", name, "reset", "on", f">{REDIS_PASSWORD}", *rule.split()
    )
