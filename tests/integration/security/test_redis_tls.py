"""Redis over TLS, with users and with certificates; what is wrong is said with its setting."""

from dataclasses import replace

import pytest
import redis.exceptions

from connectors.redis_connection import RedisConnection, RedisSettingsError
from connectors.redis_problems import redis_problem
from deploy.local.processes import LOCALHOST
from tests.integration.security.conftest import REDIS_PASSWORD, Certificates, GuardedRedis

pytestmark = pytest.mark.integration


@pytest.fixture
def mutual(
    redis_tls: RedisConnection, guarded_redis: GuardedRedis, certificates: Certificates
) -> RedisConnection:
    """A user and a certificate, both of which the server asks for."""
    certificate, key = certificates.own.client("worker")
    return replace(at(redis_tls, guarded_redis.mutual), ssl_certfile=certificate, ssl_keyfile=key)


def at(connection: RedisConnection, port: int, password: str = REDIS_PASSWORD) -> RedisConnection:
    return replace(connection, url=f"rediss://worker:{password}@{LOCALHOST}:{port}/1")


async def refusal(connection: RedisConnection) -> list[str]:
    """What the two kinds of client say."""
    async with connection.open() as client:
        with pytest.raises(redis.exceptions.RedisError) as one:
            await client.time()
    with connection.open_sync() as client, pytest.raises(redis.exceptions.RedisError) as other:
        client.time()
    assert "telltale" not in f"{one.value!r} {other.value!r}"
    return [redis_problem(each.value, connection.address) for each in (one, other)]


def both_say(said: list[str], words: str) -> None:
    assert all(words in each and "telltale" not in each for each in said), said


async def test_a_user_with_its_password_is_let_in(redis_tls: RedisConnection) -> None:
    async with redis_tls.open(one_run=True) as client:
        assert await client.time()
    with redis_tls.open_sync() as client:
        assert client.time()


async def test_a_client_with_its_certificate_is_let_in(mutual: RedisConnection) -> None:
    async with mutual.open() as client:
        assert await client.time()
    with replace(mutual, ssl_keyfile=None).open_sync() as client:  # the key is in the same file
        assert client.time()


async def test_a_wrong_password_names_the_setting(
    redis_tls: RedisConnection, guarded_redis: GuardedRedis
) -> None:
    said = await refusal(at(redis_tls, guarded_redis.tls, "telltale-wrong"))
    both_say(said, "refuses the user or the password: see VOXPOP_REDIS")


async def test_no_user_at_all_names_the_setting(
    redis_administrator: redis.asyncio.Redis, guarded_redis: GuardedRedis
) -> None:
    await redis_administrator.acl_setuser("default", enabled=False)
    try:
        said = await refusal(RedisConnection(f"redis://{LOCALHOST}:{guarded_redis.plain}"))
    finally:
        await redis_administrator.acl_setuser("default", enabled=True)
    both_say(said, "VOXPOP_REDIS")


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("expired", "has expired: renew it"),
        ("elsewhere", "give VOXPOP_REDIS a name that stands in the server's certificate"),
        ("mutual", "VOXPOP_REDIS_SSL_CERTFILE and VOXPOP_REDIS_SSL_KEYFILE"),
        ("plain", "rediss:// only where it speaks TLS"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told(
    redis_tls: RedisConnection, guarded_redis: GuardedRedis, port: str, said: str
) -> None:
    # a plain server waits for more than a handshake
    impatient = replace(redis_tls, connect_timeout_s=0.5, socket_timeout_s=0.5)
    both_say(await refusal(at(impatient, getattr(guarded_redis, port))), said)


async def test_an_authority_that_did_not_sign_is_named(
    redis_tls: RedisConnection, certificates: Certificates
) -> None:
    said = await refusal(replace(redis_tls, ssl_cafile=certificates.foreign.cafile))
    both_say(said, "name its authority in VOXPOP_REDIS_SSL_CAFILE")


async def test_a_foreign_client_certificate_is_refused(
    mutual: RedisConnection, certificates: Certificates
) -> None:
    certificate, key = certificates.foreign.client("worker")
    said = await refusal(replace(mutual, ssl_certfile=certificate, ssl_keyfile=key))
    both_say(said, "VOXPOP_REDIS_SSL_CERTFILE")


async def test_a_plain_connection_to_a_port_of_tls_is_told(guarded_redis: GuardedRedis) -> None:
    said = await refusal(RedisConnection(f"redis://{LOCALHOST}:{guarded_redis.tls}"))
    both_say(said, "rediss://")


def test_a_tls_file_that_cannot_be_used_is_told(
    redis_tls: RedisConnection, certificates: Certificates
) -> None:
    with pytest.raises(RedisSettingsError, match="VOXPOP_REDIS_SSL_CAFILE"):
        replace(redis_tls, ssl_cafile=certificates.server.with_name("none.pem")).open()
