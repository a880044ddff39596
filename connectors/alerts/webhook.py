"""Sends alerts to a URL, signed as Standard Webhooks are. Not for deciding when: that is `watch`.

The URL is the operator's, yet what it resolves to may not be: addresses are judged at every
connection, redirects and proxies are not followed, and nothing of an answer but its status is
read or shown.

Source: https://www.standardwebhooks.com, version 1.0.0.
"""

import base64
import binascii
import hashlib
import hmac
import socket
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from connectors.public_address import is_numeric, is_public, unwrapped
from connectors.schemas.alert import Alert

TIMEOUT_S: Final = 10.0
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
LEAST_SECRET_BYTES: Final = 24
MOST_SECRET_BYTES: Final = 64
# answers in the four hundreds that may be otherwise next time: timeout, too early, too many
PASSING: Final = frozenset({408, 425, 429})


class WebhookSettingsError(ValueError):
    """URL or secret cannot be used; the message holds neither."""


class WebhookRefusedError(Exception):
    """The receiver will not take this alert, however often it is sent."""


class WebhookFailedError(Exception):
    """The receiver did not take it this time."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are sent.

    Args:
        url: https, or http to a private address; no user, password or fragment.
        secret: `whsec_` and base64 of 24 to 64 random bytes, shared with the receiver.
        private: whether private and loopback addresses may be sent to.

    Raises:
        WebhookSettingsError: either cannot be used.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    private: bool = False

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid or parts.username or parts.password or parts.fragment:
            raise WebhookSettingsError(
                "the webhook's URL is not valid: write https://host/path, without user and password"
            )
        if parts.scheme == "http" and not self.private:
            raise WebhookSettingsError("a webhook outside of your own network needs https")
        self._key()

    @property
    def host(self) -> str:
        """Whom it is sent to, for people to read."""
        return urlsplit(self.url).hostname or ""

    async def send(self, alert: Alert, now: float | None = None) -> None:
        """Send an alert once.

        Args:
            alert: its JSON is the body.
            now: Unix seconds, part of what is signed; this machine's clock when None.

        Raises:
            WebhookRefusedError: the receiver says that it is wrong.
            WebhookFailedError: it did not answer, or says that it cannot now.
        """
        headers = self.headers(alert, int(time.time() if now is None else now))
        connector = aiohttp.TCPConnector(resolver=_Guarded(self.private), ttl_dns_cache=0)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            _require_allowed_literal(self.host, private=self.private)
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                session.post(
                    self.url, data=alert.encoded, headers=headers, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
        except ForbiddenAddressError as error:
            raise WebhookFailedError(f"{self.host}: {error}") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise WebhookFailedError(
                f"{self.host} did not take an alert: {type(error).__name__}"
            ) from error
        finally:
            await connector.close()
        if 400 <= status < 500 and status not in PASSING:
            raise WebhookRefusedError(f"{self.host} refuses an alert with status {status}")
        if not 200 <= status < 300:
            raise WebhookFailedError(f"{self.host} answered an alert with status {status}")

    def headers(self, alert: Alert, at: int) -> dict[str, str]:
        """Headers of the request at a Unix second; the id is the same however often it is sent."""
        name = f"{alert.alert_id}.{alert.state}"
        signed = f"{name}.{at}.".encode() + alert.encoded
        digest = hmac.new(self._key(), signed, hashlib.sha256).digest()
        return {
            "content-type": "application/json",
            "user-agent": "voxpop",
            "webhook-id": name,
            "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }

    def _key(self) -> bytes:
        try:
            key = base64.b64decode(self.secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not (
            self.secret.startswith(SECRET_PREFIX)
            and LEAST_SECRET_BYTES <= len(key) <= MOST_SECRET_BYTES
        ):
            raise WebhookSettingsError(
                "the webhook's secret is not valid: make one with "
                "`python -c \"import base64,os;print('whsec_'+base64.b64encode(os.urandom(32))"
                '.decode())"`'
            )
        return key


class ForbiddenAddressError(Exception):
    """A host leads to an address that alerts are not sent to."""


class _Guarded(AbstractResolver):
    """Resolves hosts, and refuses addresses that alerts must not go to."""

    def __init__(self, private: bool) -> None:
        self._private = private
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every allowed address of a host.

        Raises:
            ForbiddenAddressError: one of them is not allowed.
        """
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            _require_allowed(each["host"], private=self._private)
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._resolver.close()


def _require_allowed_literal(host: str, *, private: bool) -> None:
    """Judge a host that is an address itself: no resolver is asked for those."""
    if is_numeric(host):
        _require_allowed(host, private=private)


def _require_allowed(host: str, *, private: bool) -> None:
    try:
        address = unwrapped(host)
    except ValueError as error:
        raise ForbiddenAddressError(f"{host} is no address: write it in full") from error
    # link-local holds the clouds' metadata services: never, not even as a private address
    never = address.is_link_local or address.is_multicast or address.is_unspecified
    own = private and (address.is_private or address.is_loopback)
    if never or not (is_public(host) or own):
        raise ForbiddenAddressError(
            f"no alert is sent to {host}, which is not public; in your own network set "
            "VOXPOP_ALERTS_WEBHOOK_PRIVATE=true"
        )
