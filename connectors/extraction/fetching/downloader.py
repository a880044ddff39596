"""Fetches media by URL: bounded in bytes and time, and only from the public internet.

Not for what the bytes are: `signatures` and the decoders find out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from connectors.build import user_agent
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching.breaker import Asked, HostBreaker
from connectors.extraction.fetching.destination import OwnHosts, destination
from connectors.extraction.fetching.resolver import JudgedResolver
from connectors.extraction.fetching.slots import HostSlots
from connectors.extraction.signatures import require_content_type, require_kind
from connectors.schemas.media import MediaKind

USER_AGENT: Final = user_agent("public opinion in streams; media of posts")
HEADERS: Final = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
MOST_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
CHUNK_BYTES: Final = 64 * 1024
MOST_HEADER_BYTES: Final = 8190
MEBIBYTE: Final = 1024 * 1024

Room = Callable[[], Awaitable[object]]
"""Waits until a body may be kept in memory."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of downloads.

    Attributes:
        most_bytes: of one body.
        total_s: of one download, redirects and all, seconds; waiting for its turn is not in it.
        at_once: downloads at once.
        per_host: downloads at once whose URLs name one host.
        own: hosts that need not be public.
    """

    most_bytes: int = 16 * MEBIBYTE
    total_s: float = 20.0
    at_once: int = 64
    per_host: int = 8
    own: OwnHosts = field(default_factory=lambda: OwnHosts({}))


class Downloader:
    """Fetches media. A context manager.

    No cookies are kept, no proxy and no credentials of the environment used, and no connection
    used twice.

    Args:
        limits: of downloads.
        resolver: names to addresses; the system's where None. Closed with this one.
    """

    def __init__(self, limits: FetchLimits, resolver: AbstractResolver | None = None) -> None:
        self._limits = limits
        self._resolver = resolver
        self._slots = HostSlots(limits.at_once, limits.per_host)
        self._breaker = HostBreaker()

    async def __aenter__(self) -> Self:
        """Open it."""
        resolver = JudgedResolver(self._resolver or ThreadedResolver(), self._limits.own)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=resolver, use_dns_cache=False, force_close=True, limit=0
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers=HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=MOST_HEADER_BYTES,
            max_field_size=MOST_HEADER_BYTES,
        )
        self._judged = resolver
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Close it."""
        await self._session.close()
        await self._judged.close()

    async def fetch(self, kind: MediaKind, address: str, room: Room) -> bytes:
        """The bytes at a URL.

        Args:
            kind: that they must be of, by what the server says and by how they begin.
            address: http or https.
            room: awaited when a server has answered, before its body is read: many may be waited
                for at once, and few held.

        Raises:
            MediaError: with the reason; nothing else of a server is raised.
        """
        url = destination(address, self._limits.own)
        async with self._slots.of(url.raw_host or ""):
            try:
                async with asyncio.timeout(self._limits.total_s) as limit:
                    return await self._follow(kind, url, _Room(room, limit))
            except TimeoutError as error:
                raise MediaError(
                    AbsentReason.TOO_SLOW, f"{url.raw_host}: over {self._limits.total_s:g} s"
                ) from error
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise MediaError(
                    AbsentReason.UNREACHABLE, f"{url.raw_host}: {type(error).__name__}"
                ) from error

    async def _follow(self, kind: MediaKind, url: URL, room: "_Room") -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            with self._breaker.asked(url.raw_host or "") as asked:
                async with self._session.get(url, allow_redirects=False) as answer:
                    if answer.status not in REDIRECTS:
                        self._judge(kind, answer)
                        await room.wait(asked)
                        return await self._body(kind, answer)
                    to = answer.headers.get("Location", "")
            url = destination(_joined(url, to), self._limits.own)
        raise MediaError(
            AbsentReason.TOO_MANY_REDIRECTS, f"{url.raw_host}: over {MOST_REDIRECTS} redirects"
        )

    def _judge(self, kind: MediaKind, answer: aiohttp.ClientResponse) -> None:
        host = answer.url.raw_host
        if answer.status != 200:
            raise MediaError(AbsentReason.REFUSED, f"{host}: HTTP {answer.status}")
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding != "identity":
            raise MediaError(AbsentReason.REFUSED, f"{host}: packed as {encoding[:32]!r}, unasked")
        require_content_type(kind, answer.headers.get("Content-Type", ""))
        if (answer.content_length or 0) > self._limits.most_bytes:
            raise self._too_large(host)

    async def _body(self, kind: MediaKind, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            body += chunk
            if len(body) > self._limits.most_bytes:
                raise self._too_large(answer.url.raw_host)
        require_kind(kind, bytes(body[:64]))
        return bytes(body)

    def _too_large(self, host: str | None) -> MediaError:
        return MediaError(AbsentReason.TOO_LARGE, f"{host}: over {self._limits.most_bytes} bytes")


class _Room:
    """Waits for room for a body; that is no time which the server takes.

    Args:
        room: waits for it.
        limit: of the server's time.
    """

    def __init__(self, room: Room, limit: asyncio.Timeout) -> None:
        self._room = room
        self._limit = limit

    async def wait(self, asked: Asked) -> None:
        now_s = asyncio.get_running_loop().time
        left_s = (self._limit.when() or 0.0) - now_s()
        self._limit.reschedule(None)
        with asked.blameless():
            await self._room()
        self._limit.reschedule(now_s() + left_s)


def _joined(url: URL, location: str) -> str:
    """Where a redirect leads; `destination` judges it."""
    try:
        return str(url.join(URL(location)))
    except ValueError:
        return location
