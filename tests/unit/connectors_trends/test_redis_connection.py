from pathlib import Path

import pytest
import trustme

from connectors.redis_connection import RedisConnection, RedisSettingsError


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
        "rediss://localhost/0?ssl_cert_reqs=none",
        "redis://localhost/0#s3cret",
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


@pytest.mark.parametrize("setting", ["ssl_cafile", "ssl_certfile", "ssl_keyfile"])
def test_a_tls_file_without_tls_is_refused(setting: str) -> None:
    files = {setting: Path("some.pem")}
    with pytest.raises(RedisSettingsError, match="use rediss://"):
        RedisConnection("redis://localhost", **files)  # type: ignore[arg-type]


def test_timeouts_and_tls_files_reach_the_client(tmp_path: Path) -> None:
    authority = trustme.CA()
    cafile, certfile = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(str(cafile))
    authority.issue_cert("client.test").private_key_and_cert_chain_pem.write_to_path(str(certfile))
    connection = RedisConnection(
        "rediss://localhost", ssl_cafile=cafile, ssl_certfile=certfile, socket_timeout_s=1.5
    )
    options = connection.open_sync().connection_pool.connection_kwargs
    assert options["socket_timeout"] == 1.5
    assert options["ssl_ca_certs"] == str(cafile)
    assert options["ssl_certfile"] == options["ssl_keyfile"] == str(certfile)
