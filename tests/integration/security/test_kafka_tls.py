"""Kafka over TLS, with users and with certificates; what is wrong is said with its setting."""

import logging
from dataclasses import replace

import pytest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerRefusesError, ConnectionSettingsError
from connectors.kafka.metadata import describe_topics
from tests.integration.security.conftest import PASSWORD, Certificates, GuardedKafka

pytestmark = pytest.mark.integration


@pytest.fixture
def mutual(guarded_kafka: GuardedKafka, certificates: Certificates) -> KafkaConnection:
    """A certificate that may do everything."""
    certificate, key = certificates.own.client("all")
    return KafkaConnection(
        guarded_kafka.address("mutual"),
        "SSL",
        ssl_cafile=certificates.own.cafile,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


async def refusal(connection: KafkaConnection) -> str:
    with pytest.raises(BrokerRefusesError) as refused:
        await describe_topics(connection, ["posts"], timeout_s=5)
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


async def test_a_user_with_its_password_is_let_in_and_its_login_is_not_logged(
    sasl: KafkaConnection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "aiokafka.conn"):
        assert await describe_topics(sasl, ["posts"]) == {}
    assert "SaslAuthenticateRequest" in caplog.text
    assert "sasl_auth_bytes" not in caplog.text
    assert PASSWORD not in caplog.text


async def test_a_client_with_its_certificate_is_let_in(mutual: KafkaConnection) -> None:
    assert await describe_topics(mutual, ["posts"]) == {}


async def test_a_wrong_password_names_the_user_and_the_password(sasl: KafkaConnection) -> None:
    said = await refusal(replace(sasl, sasl_password="telltale-wrong"))
    assert "VOXPOP_KAFKA_SASL_USERNAME and VOXPOP_KAFKA_SASL_PASSWORD" in said
    assert "telltale-wrong" not in said


async def test_a_mechanism_that_the_broker_lacks_is_named(sasl: KafkaConnection) -> None:
    assert "VOXPOP_KAFKA_SASL_MECHANISM" in await refusal(replace(sasl, sasl_mechanism="PLAIN"))


async def test_an_expired_certificate_of_the_broker_is_told(
    sasl: KafkaConnection, guarded_kafka: GuardedKafka
) -> None:
    said = await refusal(replace(sasl, bootstrap_servers=guarded_kafka.address("expired")))
    assert "has expired: renew it" in said


async def test_a_certificate_for_another_name_names_the_address(
    sasl: KafkaConnection, guarded_kafka: GuardedKafka
) -> None:
    said = await refusal(replace(sasl, bootstrap_servers=guarded_kafka.address("elsewhere")))
    assert "give VOXPOP_KAFKA a name that stands in the server's certificate" in said


async def test_an_authority_that_did_not_sign_is_named(
    sasl: KafkaConnection, certificates: Certificates
) -> None:
    said = await refusal(replace(sasl, ssl_cafile=certificates.foreign.cafile))
    assert "name its authority in VOXPOP_KAFKA_SSL_CAFILE" in said


async def test_the_system_does_not_trust_an_authority_of_ones_own(sasl: KafkaConnection) -> None:
    assert "VOXPOP_KAFKA_SSL_CAFILE" in await refusal(replace(sasl, ssl_cafile=None))


@pytest.mark.parametrize("of", ["nobody", "foreign", "expired"])
async def test_a_client_certificate_that_the_broker_refuses_is_named(
    mutual: KafkaConnection, certificates: Certificates, of: str
) -> None:
    certificate = {
        "nobody": None,
        "foreign": certificates.foreign.client("all")[0],
        "expired": certificates.own.expired("client", "all.test"),
    }[of]
    said = await refusal(replace(mutual, ssl_certfile=certificate, ssl_keyfile=None))
    assert "VOXPOP_KAFKA_SSL_CERTFILE and VOXPOP_KAFKA_SSL_KEYFILE" in said


@pytest.mark.parametrize(
    ("listener", "protocol"),
    [("sasl", "PLAINTEXT"), ("sasl", "SSL"), ("plain", "SASL_SSL"), ("mutual", "PLAINTEXT")],
)
async def test_a_listener_of_another_protocol_is_told(
    sasl: KafkaConnection, guarded_kafka: GuardedKafka, listener: str, protocol: str
) -> None:
    said = await refusal(
        replace(sasl, bootstrap_servers=guarded_kafka.address(listener), security_protocol=protocol)
    )
    assert "VOXPOP_KAFKA" in said


def test_a_key_without_its_certificate_is_told(
    mutual: KafkaConnection,
) -> None:
    with pytest.raises(ConnectionSettingsError, match="without VOXPOP_KAFKA_SSL_CERTFILE"):
        replace(mutual, ssl_certfile=None).client_options()


def test_a_key_of_another_certificate_is_told(
    mutual: KafkaConnection, certificates: Certificates
) -> None:
    _, other = certificates.own.client("other")
    with pytest.raises(ConnectionSettingsError, match=r"VOXPOP_KAFKA_SSL_CAFILE .*_KEYFILE"):
        replace(mutual, ssl_keyfile=other).client_options()


def test_an_encrypted_key_is_told_rather_than_asked_for(
    mutual: KafkaConnection, certificates: Certificates
) -> None:
    certificate, locked = certificates.own.encrypted_key("locked")
    with pytest.raises(ConnectionSettingsError, match="encrypted"):
        replace(mutual, ssl_certfile=certificate, ssl_keyfile=locked).client_options()
