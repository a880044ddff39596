"""Asks HTTP servers politely: as slowly as they want, again when they fail, and never for ever.

Not for what an answer means: that is the source's own. Nothing of a request but host and path is
logged or told, since URLs and headers may hold credentials.
"""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from connectors.build import user_agent
from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceError, SourceRefusedError
from connectors.sources.pausing import pause, shown
from connectors.sources.rate_limit import asked_wait_s

MEBIBYTE: Final = 1024 * 1024
USER_AGENT: Final = user_agent("public opinion in streams")
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
REFUSALS: Final = (401, 403)
_PACKED: Final = (b"content-encoding", b"content-length", b"transfer-encoding")
Params = Mapping[str, str | int | list[str]]
REQUEST_TIMEOUT: Final = 408
TOO_MANY_REQUESTS: Final = 429


class PoliteClient:
    """An HTTP client that waits where it is asked to, and tries again what may pass.

    Args:
        headers: of every request, such as credentials.
        backoff: waits between two tries of a request that fails.
        refused: what to do where the server does not let this client in; ends a sentence.
        follow_redirects: for feeds; never with credentials.
        most_bytes: a longer answer is an error.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        backoff: Backoff | None = None,
        refused: str = "check its credentials",
        follow_redirects: bool = False,
        most_bytes: int = 16 * MEBIBYTE,
    ) -> None:
        self._backoff = backoff or Backoff()
        self._refused = refused
        self._most_bytes = most_bytes
        self._ready_at = 0.0  # by the monotonic clock
        self.http = httpx.AsyncClient(
            headers={"user-agent": USER_AGENT} | dict(headers or {}),
            timeout=TIMEOUT,
            follow_redirects=follow_redirects,
            max_redirects=5,
        )

    async def __aenter__(self) -> Self:
        """Open it."""
        await self.http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Close its connections."""
        await self.http.__aexit__(kind, value, trace)

    async def get(
        self,
        url: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """GET, tried again until the server answers something that is no passing failure.

        Returns:
            The answer with its body read: 2xx, 304, or a 4xx that another try would not change.

        Raises:
            SourceRefusedError: 401 or 403, and the server asks for no patience.
            SourceError: the answer is too long.
        """
        while True:
            await asyncio.sleep(self._ready_at - time.monotonic())
            try:
                answer = await self.get_once(url, params, headers)
            except (httpx.TransportError, httpx.TooManyRedirects) as error:
                await pause(self._backoff, url, repr(error))
                continue
            asked_s = asked_wait_s(answer.headers, time.time())
            if not is_passing(answer, asked_s):
                self._backoff.reset()
                self._ready_at = time.monotonic() + asked_s
                self.require_let_in(answer)
                return answer
            await pause(self._backoff, url, f"HTTP {answer.status_code}", asked_s)

    async def get_json(self, url: str, params: Params | None = None) -> Any:
        """The JSON of a 200; tried again where the body is no JSON, as of a broken proxy.

        Raises:
            SourceRefusedError: as `get`; also another 4xx.
        """
        while True:
            answer = await self.get(url, params)
            if answer.is_client_error:
                raise SourceRefusedError(
                    f"{shown(url)} answers HTTP {answer.status_code}: {reason_in(answer)}"
                )
            try:
                return orjson.loads(answer.content)
            except orjson.JSONDecodeError:
                await pause(self._backoff, url, "no JSON")

    async def get_once(
        self,
        url: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """GET, without waiting and whatever the answer; its body is read.

        Raises:
            httpx.TransportError, httpx.TooManyRedirects: there is none.
            SourceError: it is too long.
        """
        async with self.http.stream("GET", url, params=params, headers=headers) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > self._most_bytes:
                    raise SourceError(f"{shown(url)} answers more than {self._most_bytes} bytes")
        unpacked = [
            (name, value) for name, value in answer.headers.raw if name.lower() not in _PACKED
        ]
        return httpx.Response(
            answer.status_code, headers=unpacked, content=bytes(body), request=answer.request
        )

    def require_let_in(self, answer: httpx.Response) -> None:
        """Raise SourceRefusedError: the server does not let this client in."""
        if answer.status_code in REFUSALS:
            raise SourceRefusedError(
                f"{shown(str(answer.url))} does not let this client in (HTTP "
                f"{answer.status_code}): {self._refused}"
            )


def is_passing(answer: httpx.Response, asked_s: float) -> bool:
    """Whether the same request may succeed later.

    Args:
        answer: of the server.
        asked_s: how long it asks to wait.
    """
    status = answer.status_code
    refused_for_now = status in REFUSALS and asked_s > 0
    return (
        answer.is_server_error or status in {REQUEST_TIMEOUT, TOO_MANY_REQUESTS} or refused_for_now
    )


def reason_in(answer: httpx.Response) -> str:
    """What an error document says for itself, in a line."""
    return " ".join(answer.text.split())[:200]
