"""How to reach Kafka: addresses, TLS and SASL, as keyword arguments of aiokafka's clients.

Not for reading the environment: `stream_app.settings` does that and passes the values on.
"""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connectors.kafka.errors import ConnectionSettingsError
from connectors.kafka.redaction import hide_logins
from connectors.tls import TlsFiles, TlsFilesError

ADDRESS: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):([0-9]{1,5})", re.ASCII)


def is_address(text: str) -> bool:
    """Whether it is `host:port`; an address of IP version 6 stands in brackets."""
    found = ADDRESS.fullmatch(text.strip())
    return found is not None and 0 < int(found[1]) < 65536


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Where the brokers are and how to speak with them.

    Attributes:
        bootstrap_servers: `host:port,…`.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        ssl_cafile: PEM file of the brokers' authority; None trusts the system's.
        ssl_certfile: PEM file of the client's certificate, for mutual TLS.
        ssl_keyfile: PEM file of that certificate's key, where it is a file of its own.
        sasl_mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    """

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)

    def client_options(self) -> dict[str, object]:
        """Keyword arguments for `AIOKafkaProducer`, `-Consumer`, `-Client` and `-AdminClient`.

        Raises:
            ConnectionSettingsError: an address is no `host:port`, the protocol is SASL and the
                user or the password is missing, or a TLS file cannot be read.
        """
        self._check_addresses()
        options: dict[str, object] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol in {"SSL", "SASL_SSL"}:
            options["ssl_context"] = self._ssl_context()
        if self.security_protocol.startswith("SASL_"):
            options |= self._sasl_options()
        return options

    def _check_addresses(self) -> None:
        for place, address in enumerate(self.bootstrap_servers.split(","), start=1):
            if not is_address(address):
                raise ConnectionSettingsError(
                    f"address {place} of VOXPOP_KAFKA is no host:port; several are joined by "
                    "commas, without a scheme or a user"
                )

    def _ssl_context(self) -> ssl.SSLContext:
        files = TlsFiles(self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile)
        try:
            return files.context("VOXPOP_KAFKA")
        except TlsFilesError as error:
            raise ConnectionSettingsError(str(error)) from error

    def _sasl_options(self) -> dict[str, object]:
        if self.sasl_username is None or self.sasl_password is None:
            raise ConnectionSettingsError(
                f"{self.security_protocol} needs a user and a password: set "
                "VOXPOP_KAFKA_SASL_USERNAME and VOXPOP_KAFKA_SASL_PASSWORD"
            )
        hide_logins()
        return {
            "sasl_mechanism": self.sasl_mechanism or "SCRAM-SHA-512",
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
        }
