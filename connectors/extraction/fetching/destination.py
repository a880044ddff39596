"""Where a URL of a post may lead. Not for connections: `resolver` judges each address of those."""

from dataclasses import dataclass
from typing import Final, NoReturn

from yarl import URL

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.public_address import is_numeric, is_public

PORTS: Final = (80, 443)
URL_MAX_CHARACTERS: Final = 2048


@dataclass(frozen=True, slots=True)
class OwnHosts:
    """Hosts that may be fetched from though their addresses are not public.

    Attributes:
        ports: host in lower case -> its ports.
    """

    ports: dict[str, frozenset[int]]

    @classmethod
    def parse(cls, text: str) -> "OwnHosts":
        """Read `host,host:port,[::1]:port,…`; a host without a port has 80 and 443.

        Raises:
            ValueError: an entry is no host.
        """
        ports: dict[str, set[int]] = {}
        for entry in filter(None, (each.strip() for each in text.split(","))):
            try:
                url = URL(f"//{entry}")
                explicit = url.explicit_port
            except ValueError as error:
                raise ValueError(f"must be host,host:port,… and has {entry!r}") from error
            if not url.raw_host or url.raw_authority.lower() != entry.lower() or url.user:
                raise ValueError(f"must be host,host:port,… and has {entry!r}")
            found = PORTS if explicit is None else (explicit,)
            ports.setdefault(url.raw_host.lower(), set()).update(found)
        return cls({host: frozenset(own) for host, own in ports.items()})

    def has(self, host: str) -> bool:
        """Whether a host is one of them, at whatever port."""
        return host.lower() in self.ports


def destination(text: str, own: OwnHosts) -> URL:
    """A URL that may be asked: the addresses of its host are judged at the connection.

    Args:
        text: as the post, or a redirect, gives it.
        own: hosts that need not be public.

    Raises:
        MediaError: forbidden_address, whatever is wrong with it.
    """
    url = _parsed(text)
    host, port = (url.raw_host or "").lower(), url.port
    if url.scheme not in {"http", "https"} or not host:
        _forbid("only http and https with a host are fetched")
    if url.raw_user or url.raw_password:
        _forbid(f"{host}: a URL with a user or password is not fetched")
    if port not in own.ports.get(host, PORTS):
        _forbid(f"{host}: port {port} is not fetched from")
    if not own.has(host) and is_numeric(host) and not is_public(host):
        _forbid(f"{host} is not public")
    return url.with_fragment(None)


def _parsed(text: str) -> URL:
    if len(text) > URL_MAX_CHARACTERS or any(letter <= " " or letter == "\x7f" for letter in text):
        _forbid("a URL with spaces or control characters, or too long")
    try:
        return URL(text)
    except ValueError:
        _forbid("no URL")


def _forbid(detail: str) -> NoReturn:
    raise MediaError(AbsentReason.FORBIDDEN_ADDRESS, detail[:200])
