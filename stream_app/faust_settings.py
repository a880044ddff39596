"""How Faust must be set up here, and the refusal to run when it is not.

Faust also reads settings from its own environment variables (PROCESSING_GUARANTEE, …), so what
must hold is checked on the finished configuration rather than assumed.
"""

import logging
import ssl
from collections.abc import Mapping
from typing import Any, Final

import faust
from faust.types.enums import ProcessingGuarantee

from connectors.kafka.connection import KafkaConnection
from stream_app.core.flow import FETCH_RECORDS, FETCHES_WAITING
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.logs import logging_config
from stream_app.settings import Settings

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 1.0
REQUEST_TIMEOUT_S: Final = 20.0

# each with the reason it must hold
MUST_HOLD: Final[Mapping[str, object]] = {
    "stream_wait_empty": False,  # waiting for acknowledgements that never come hangs a rebalance
    "topic_disable_leader": True,  # no leader topic: nothing here needs a leader
    "table_standby_replicas": 0,  # no tables: windows live under their source partition in Redis
    "broker_max_poll_interval": 60.0,  # a stuck worker leaves the group
    "broker_max_poll_records": FETCH_RECORDS,  # bounds what a rebalance throws away
    "stream_buffer_maxsize": FETCHES_WAITING,  # fetches that wait; past it the next one does
    "broker_heartbeat_interval": HEARTBEAT_S,
    "consumer_metadata_max_age_ms": 10_000,  # a topic that grew or was made again is noticed
    "consumer_auto_offset_reset": "earliest",  # latest would lose what came before the worker
}


def rebalance_timeout_s(settings: Settings) -> float:
    """Longest time that the group waits for its members in a rebalance, seconds."""
    return settings.session_timeout_s + 4.0


def must_hold(settings: Settings) -> dict[str, object]:
    """Faust's settings that the guarantee rests on, with the values that they must have."""
    session_s = settings.session_timeout_s
    return {
        **MUST_HOLD,
        "broker_session_timeout": session_s,  # the guards before each effect count on it
        "broker_rebalance_timeout": rebalance_timeout_s(settings),
        "broker_request_timeout": max(REQUEST_TIMEOUT_S, session_s),  # bounds a hanging LeaveGroup
    }


def faust_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of `faust.App` for these settings."""
    connection = settings.kafka_connection()
    return {
        **must_hold(settings),
        "broker": ";".join(_brokers(settings)),
        "broker_credentials": _credentials(connection),
        "datadir": settings.data_dir / "worker",
        "store": "memory://",
        "processing_guarantee": "at_least_once",
        "topic_allow_declare": False,
        "web_enabled": False,
        "autodiscover": False,
        "logging_config": logging_config(),
    }


def refuse_what_cannot_be_guaranteed(conf: Any, settings: Settings) -> None:
    """Raise unless Faust is set up as it must be.

    Args:
        conf: the app's finished configuration.
        settings: of this process.

    Raises:
        CannotGoOn: a setting differs; says which, why, and what to do.
    """
    if conf.processing_guarantee != ProcessingGuarantee.AT_LEAST_ONCE:
        raise CannotGoOn(
            ExitCode.NOT_READY,
            "processing_guarantee=exactly_once is refused: Faust's transactions lose and repeat "
            "posts in a rebalance, and counts are exact without them, by the fences in Redis; "
            "unset PROCESSING_GUARANTEE",
        )
    if [str(url) for url in conf.broker] != _brokers(settings):
        raise CannotGoOn(
            ExitCode.NOT_READY,
            "Faust was given other brokers than VOXPOP_KAFKA; unset BROKER_URL in the environment",
        )
    for name, needed in must_hold(settings).items():
        found = getattr(conf, name)
        if found != needed:
            raise CannotGoOn(
                ExitCode.NOT_READY,
                f"Faust's setting {name} is {found!r} and must be {needed!r}; "
                f"unset {name.upper()} in the environment",
            )


def _brokers(settings: Settings) -> list[str]:
    return [f"kafka://{host.strip()}" for host in settings.kafka.split(",")]


def _credentials(connection: KafkaConnection) -> Any:
    options = connection.client_options()
    context = options.get("ssl_context")
    if connection.security_protocol.startswith("SASL_"):
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if isinstance(context, ssl.SSLContext) else None
