"""TLS to Kafka and Redis: a client's files, and what a refused handshake means in words.

Not for opening connections: aiokafka and redis-py do that.
"""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

EXPIRED = 10  # codes of OpenSSL's x509_vfy.h
NOT_YET_VALID = 9
OTHER_NAME = frozenset({62, 64})  # host name, address


class TlsFilesError(ValueError):
    """The files of a TLS client are missing, unreadable or do not belong together."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a client.

    Attributes:
        cafile: the server's authority; None trusts the system's authorities.
        certfile: the client's own certificate, for mutual TLS.
        keyfile: that certificate's key, where it is a file of its own; not encrypted.
    """

    cafile: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None

    def __bool__(self) -> bool:
        """Whether any of them is set."""
        return any((self.cafile, self.certfile, self.keyfile))

    def context(self, settings: str) -> ssl.SSLContext:
        """A context that holds the server to its authority and its name, TLS 1.2 or later.

        Args:
            settings: what the names of the settings begin with, as `VOXPOP_KAFKA`.

        Raises:
            TlsFilesError: says which files, and that they cannot be used.
        """
        if self.keyfile is not None and self.certfile is None:
            raise TlsFilesError(
                f"{settings}_SSL_KEYFILE is set without {settings}_SSL_CERTFILE: a key is of use "
                "only with its certificate"
            )
        try:
            context = ssl.create_default_context(cafile=self.cafile)
            if self.certfile is not None:
                context.load_cert_chain(self.certfile, self.keyfile, password=_no_password)
        except OSError as error:
            raise TlsFilesError(
                f"TLS files cannot be used: {error}; check {settings}_SSL_CAFILE "
                f"({self.cafile}), _CERTFILE ({self.certfile}) and _KEYFILE ({self.keyfile})"
            ) from error
        except _EncryptedKeyError as error:
            raise TlsFilesError(
                f"the key in {self.keyfile or self.certfile} is encrypted and nobody is there to "
                f"ask for its password: give {settings}_SSL_KEYFILE one that is not"
            ) from error
        return context


def tls_problem(error: BaseException, settings: str) -> str | None:
    """What TLS had against a connection, and what to do; None where TLS was not what failed.

    Args:
        error: as the client raised it; what caused it is looked at too.
        settings: what the names of the settings begin with, as `VOXPOP_REDIS`.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _server_refused(cause, settings)
        if isinstance(cause, ssl.SSLEOFError):
            return (
                "the server ended the connection where TLS began: see that it speaks TLS, and "
                f"whether it asks for {settings}_SSL_CERTFILE and {settings}_SSL_KEYFILE"
            )
        if isinstance(cause, ssl.SSLError):
            return _client_refused(cause.reason or str(cause), settings)
    return None


def was_reset(error: BaseException) -> bool:
    """Whether the server broke the connection off, as one may that misses a certificate.

    Its alert, which says so, can be lost with the connection.
    """
    return any(isinstance(cause, ConnectionResetError) for cause in _causes(error))


def _server_refused(error: ssl.SSLCertVerificationError, settings: str) -> str:
    if error.verify_code == EXPIRED:
        return "the server's certificate has expired: renew it there"
    if error.verify_code == NOT_YET_VALID:
        return "the server's certificate is not valid yet: look at both clocks"
    if error.verify_code in OTHER_NAME:
        message = error.verify_message.rstrip(".")
        return f"{message}: give {settings} a name that stands in the server's certificate"
    return (
        f"the server's certificate is not of an authority that is trusted here "
        f"({error.verify_message}): name its authority in {settings}_SSL_CAFILE"
    )


def _client_refused(reason: str, settings: str) -> str:
    if "ALERT" in reason and ("CERT" in reason or "UNKNOWN_CA" in reason):
        return (
            f"the server refuses this client's certificate ({reason}): it asks for one that its "
            f"authority has signed and that has not expired, in {settings}_SSL_CERTFILE and "
            f"{settings}_SSL_KEYFILE"
        )
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}:
        return f"the server does not speak TLS at this port: see {settings}"
    return f"TLS failed ({reason})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _EncryptedKeyError(Exception):
    """OpenSSL asked for a key's password."""


def _no_password() -> NoReturn:
    raise _EncryptedKeyError
