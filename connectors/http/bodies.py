"""Answers with an entity tag, compressed once however many ask for them; 304 to who has them."""

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

GZIP: Final = 16 + zlib.MAX_WBITS
LEVEL: Final = 1  # level 6 takes four times as long for a fifth less
LEAST_BYTES: Final = 1024
MOST_BYTES: Final = 64 * 1024 * 1024

_Key = tuple[str, bool]  # tag, whether gzip is accepted


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes
    compressed: bool


class Bodies:
    """The latest bodies by their tags, so that readers of the same share one.

    Args:
        most_bytes: memory for them; those unused for longest leave first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[_Key, _Body] = OrderedDict()
        self._coming: dict[_Key, asyncio.Future[_Body]] = {}

    async def respond(
        self, request: Request, tag: str, make: Callable[[], bytes], media_type: str
    ) -> Response:
        """Answer with a body, compressed where that is wanted, or with 304 and none.

        Args:
            request: what was asked.
            tag: changes whenever a byte of the body does.
            make: makes the body; not called where it is known.
            media_type: of the body.
        """
        headers = {
            "ETag": f'W/"{tag}"',
            "Cache-Control": "no-cache",  # keep it, but ask whether it is still the same
            "Vary": "Accept-Encoding, Authorization",
        }
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        accepted = "gzip" in request.headers.get("accept-encoding", "")
        body = await self._body((tag, accepted), make)
        if body.compressed:
            headers["Content-Encoding"] = "gzip"
        return Response(body.content, headers=headers, media_type=media_type)

    async def _body(self, key: _Key, make: Callable[[], bytes]) -> _Body:
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        if (coming := self._coming.get(key)) is None:
            coming = asyncio.ensure_future(_made(make, accepted=key[1]))
            self._coming[key] = coming
            coming.add_done_callback(lambda _: self._coming.pop(key, None))
        body = await asyncio.shield(coming)
        self._keep(key, body)
        return body

    def _keep(self, key: _Key, body: _Body) -> None:
        if key not in self._kept:
            self._bytes += len(body.content)
            self._kept[key] = body
        while self._bytes > self._most_bytes and self._kept:
            _, left = self._kept.popitem(last=False)
            self._bytes -= len(left.content)


async def _made(make: Callable[[], bytes], *, accepted: bool) -> _Body:
    body = make()
    if not accepted or len(body) < LEAST_BYTES:
        return _Body(body, compressed=False)
    return _Body(await asyncio.to_thread(zlib.compress, body, LEVEL, GZIP), compressed=True)


def _has(if_none_match: str, tag: str) -> bool:
    """Whether a header names the tag, compared weakly (RFC 9110)."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return f'"{tag}"' in named or "*" in named
