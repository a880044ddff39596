"""Listeners with TLS beside the plain one of the local Kafka, users, and who may do what.

For trying out what a guarded broker asks of its clients. The plain listener stays, for the broker
itself and for its administrator: a production broker would have none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy.local.processes import LOCALHOST

SCRAM = "SCRAM-SHA-512"
AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that speaks TLS.

    Attributes:
        name: letters; no two alike.
        protocol: SSL asks for a certificate, SASL_SSL for a user.
        port: on 127.0.0.1.
        keystore: PEM file, the server's key (PKCS #8) and certificate.
        truststore: PEM file, the authority of the clients' certificates.
    """

    name: str
    protocol: Literal["SSL", "SASL_SSL"]
    port: int
    keystore: Path
    truststore: Path


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How a local Kafka is guarded.

    Attributes:
        listeners: with TLS.
        users: name -> password, for SCRAM-SHA-512.
        superusers: principals that may do everything, as `User:worker`; others may do what
            ACLs allow them. Who comes by the plain listener may do everything.
    """

    listeners: Sequence[Listener]
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    superusers: Sequence[str] = ()

    def format_options(self) -> list[str]:
        """Arguments of the tool that formats the folder: it makes the users."""
        return [
            option
            for name, password in self.users.items()
            for option in ("--add-scram", f"{SCRAM}=[name={name},password={password}]")
        ]

    def addresses(self) -> str:
        """The listeners as the broker's settings name them."""
        return "".join(f",{each.name}://{LOCALHOST}:{each.port}" for each in self.listeners)

    def protocols(self) -> str:
        """Which protocol each listener speaks."""
        return "".join(f",{each.name}:{each.protocol}" for each in self.listeners)

    def properties(self) -> dict[str, object]:
        """The broker's settings, but for the lists of listeners."""
        settings: dict[str, object] = {
            "authorizer.class.name": AUTHORIZER,
            "super.users": ";".join(("User:ANONYMOUS", *self.superusers)),
        }
        for listener in self.listeners:
            settings |= _listener_properties(listener)
        return settings


def _listener_properties(listener: Listener) -> dict[str, object]:
    prefix = f"listener.name.{listener.name.lower()}"
    settings: dict[str, object] = {
        f"{prefix}.ssl.keystore.type": "PEM",
        f"{prefix}.ssl.keystore.location": listener.keystore,
        f"{prefix}.ssl.truststore.type": "PEM",
        f"{prefix}.ssl.truststore.location": listener.truststore,
        f"{prefix}.ssl.client.auth": "required" if listener.protocol == "SSL" else "none",
    }
    if listener.protocol == "SASL_SSL":
        mechanism = f"{prefix}.{SCRAM.lower()}"
        settings[f"{prefix}.sasl.enabled.mechanisms"] = SCRAM
        settings[f"{mechanism}.sasl.jaas.config"] = f"{SCRAM_MODULE} required;"
    return settings
