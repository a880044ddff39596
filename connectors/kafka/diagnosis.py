"""Why no broker lets this client in: aiokafka tries each in turn and keeps its reasons to itself.

Not for connecting: it is asked after that has failed.
"""

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerRefusesError, BrokerUnreachableError
from connectors.tls import tls_problem

WRONG_USER = (AuthenticationFailedError, SaslAuthenticationFailed)
WRONG_MECHANISM = (IllegalSaslStateError, UnsupportedSaslMechanismError)


async def bootstrap(client: AIOKafkaClient, connection: KafkaConnection, timeout_s: float) -> None:
    """Connect a client to the first broker that lets it in.

    Args:
        client: made of the connection's options.
        connection: for the words, and to ask once more where it fails.
        timeout_s: longest wait for that answer.

    Raises:
        BrokerRefusesError: a broker is there, and TLS or the user is what fails.
        BrokerUnreachableError: none answers.
    """
    try:
        await client.bootstrap()
    except (KafkaError, OSError, ValueError) as error:  # ValueError: SCRAM, of a false server
        why = await _why(connection, timeout_s)
        if why is not None:
            raise BrokerRefusesError(connection.bootstrap_servers, why) from error
        raise BrokerUnreachableError(connection.bootstrap_servers) from error


async def _why(connection: KafkaConnection, timeout_s: float) -> str | None:
    """What the first broker that answers has against this client; None if none answers."""
    options = connection.client_options()
    for address in str(options.pop("bootstrap_servers")).split(","):
        host, _, port = address.strip().rpartition(":")
        if why := await _ask(host.strip("[]"), int(port), options, timeout_s):
            return why
    return None


async def _ask(host: str, port: int, options: dict[str, object], timeout_s: float) -> str | None:
    limit_ms = int(timeout_s * 1000)
    try:
        broker = await create_conn(host, port, request_timeout_ms=limit_ms, **options)
    except (KafkaError, OSError, ValueError) as error:
        return _meaning(error)
    try:
        await broker.send(MetadataRequest([]))
    except (KafkaError, OSError) as error:
        return _meaning(error)
    finally:
        broker.close()
    return None


def _meaning(error: Exception) -> str | None:
    if isinstance(error, WRONG_USER):
        return (
            "the user or the password is refused: see VOXPOP_KAFKA_SASL_USERNAME and "
            "VOXPOP_KAFKA_SASL_PASSWORD, and that the user has a password for "
            "VOXPOP_KAFKA_SASL_MECHANISM"
        )
    if isinstance(error, WRONG_MECHANISM):
        return f"{error}: see VOXPOP_KAFKA_SASL_MECHANISM"
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return f"the broker does not know the user's password either ({error}): is it yours?"
    if why := tls_problem(error, "VOXPOP_KAFKA"):
        return why
    if isinstance(error, KafkaError | ConnectionResetError):  # a connection was made and ended
        return (
            "it ends the connection: VOXPOP_KAFKA_SECURITY must be what the listener at this "
            "port speaks (SSL, SASL_SSL, SASL_PLAINTEXT or PLAINTEXT)"
        )
    return None
