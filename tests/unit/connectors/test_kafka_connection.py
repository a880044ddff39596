"""A connection becomes aiokafka's arguments, or one line that says which setting is wrong."""

import logging
from pathlib import Path

import aiokafka.conn
import pytest
from aiokafka.protocol.admin import SaslAuthenticateRequest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import ConnectionSettingsError


def test_plain_text_needs_nothing_but_the_addresses() -> None:
    assert KafkaConnection("a:1, b:2").client_options() == {
        "bootstrap_servers": "a:1, b:2",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize(
    "address",
    [
        *("", "kafka", "kafka:", ":9092", "kafka:abc", "a:1,", "a:0", "a:65536", "a:²", "a b:1"),
        *("kafka://a:1", "user:s3cret@a:1", "::1:9092", "[::1]"),
    ],
)
def test_an_address_that_is_none_is_told_and_not_repeated(address: str) -> None:
    with pytest.raises(ConnectionSettingsError, match="of VOXPOP_KAFKA is no host:port") as told:
        KafkaConnection(address).client_options()
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("address", ["a:1", "kafka-1.example:9092", "10.0.0.1:1", " [::1]:65535 "])
def test_an_address_may_be_a_name_or_a_number(address: str) -> None:
    assert KafkaConnection(address).client_options()["bootstrap_servers"] == address


def test_sasl_passes_the_user_on() -> None:
    options = KafkaConnection(
        "a:1", "SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_username="u", sasl_password="p"
    ).client_options()
    assert options["sasl_mechanism"] == "PLAIN"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("u", "p")


def test_sasl_without_a_password_is_told() -> None:
    with pytest.raises(ConnectionSettingsError, match="VOXPOP_KAFKA_SASL_PASSWORD"):
        KafkaConnection("a:1", "SASL_PLAINTEXT", sasl_username="u").client_options()


def test_a_password_is_never_printed() -> None:
    assert "secret" not in repr(KafkaConnection("a:1", sasl_password="secret"))


def test_tls_trusts_the_system_where_no_authority_is_named() -> None:
    assert KafkaConnection("a:1", "SSL").client_options()["ssl_context"]


def test_a_tls_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectionSettingsError, match="VOXPOP_KAFKA_SSL_CAFILE"):
        KafkaConnection("a:1", "SSL", ssl_cafile=tmp_path / "ca.pem").client_options()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_login_is_not_logged_at_any_level(
    mechanism: str, caplog: pytest.LogCaptureFixture
) -> None:
    KafkaConnection(
        "a:1", "SASL_SSL", sasl_mechanism=mechanism, sasl_username="u", sasl_password="p"
    ).client_options()
    request = SaslAuthenticateRequest(b"\0u\0telltale").prepare({36: (0, 1)})
    assert "telltale" in repr(request)  # as aiokafka would log it
    with caplog.at_level(logging.DEBUG, aiokafka.conn.log.name):
        aiokafka.conn.log.debug("Request to %s:%d %d: %s", "a", 1, 7, request)
        aiokafka.conn.log.debug("nothing to hide")
    assert "Request to a:1 7: SaslAuthenticateRequest_v1(…)" in caplog.text
    assert "nothing to hide" in caplog.text
    assert "telltale" not in caplog.text
