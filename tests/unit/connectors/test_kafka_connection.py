"""A connection becomes aiokafka's arguments, or one line that says which setting is wrong."""

from pathlib import Path

import pytest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import ConnectionSettingsError


def test_plain_text_needs_nothing_but_the_addresses() -> None:
    assert KafkaConnection("a:1, b:2").client_options() == {
        "bootstrap_servers": "a:1, b:2",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("address", ["", "kafka", "kafka:", ":9092", "kafka:abc", "a:1,", "a:0"])
def test_an_address_without_host_or_port_is_told(address: str) -> None:
    with pytest.raises(ConnectionSettingsError, match="VOXPOP_KAFKA"):
        KafkaConnection(address).client_options()


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
