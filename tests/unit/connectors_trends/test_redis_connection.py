from pathlib import Path

import pytest

from connectors.redis_connection import RedisConnection


def test_the_text_of_a_connection_shows_no_password() -> None:
    connection = RedisConnection("rediss://anna:s3cret@redis.example:6380/2")
    assert repr(connection) == "RedisConnection(rediss://redis.example:6380/2)"
    assert "s3cret" not in f"{connection} {connection.open_sync()!r} {connection.open()!r}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost:6379",
        "redis://",
        "redis://:s3/cret@localhost:6379",
        "redis://localhost:99999",
        "redis://localhost/s3cret",
        "redis://[s3cret",
    ],
)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="not valid: write it as redis://") as refused:
        RedisConnection(url)
    assert "s3" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", "redis://localhost:6379"),
        ("redis://[::1]:7000/1", "redis://[::1]:7000/1"),
    ],
)
def test_an_address_is_complete(url: str, address: str) -> None:
    assert RedisConnection(url).address == address


def test_an_authority_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="use rediss://"):
        RedisConnection("redis://localhost", ssl_cafile=Path("ca.pem"))


def test_timeouts_and_the_authority_reach_the_client() -> None:
    connection = RedisConnection(
        "rediss://localhost", ssl_cafile=Path("ca.pem"), socket_timeout_s=1.5
    )
    options = connection.open_sync().connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["ssl_ca_certs"]) == (1.5, "ca.pem")
