"""YouTube's Data API, version 3: questions, pages of answers, and why it refuses.

Not for what comments mean: that is `youtube`.

Source: developers.google.com/youtube/v3/docs/errors, and the page "Quota costs".
"""

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceRefusedError
from connectors.sources.http_client import PoliteClient, is_passing
from connectors.sources.pausing import pause
from connectors.sources.rate_limit import asked_wait_s

logger = logging.getLogger(__name__)

Asked = dict[str, str | int]

PAGE: Final = 100
MOST_PAGES: Final = 100
USED_UP: Final = {"quotaExceeded", "dailyLimitExceeded"}  # until midnight in California
USED_UP_WAIT_S: Final = 3600.0
TOO_FAST: Final = {"rateLimitExceeded", "userRateLimitExceeded"}
NOT_THERE: Final = {"commentsDisabled", "videoNotFound", "channelNotFound"}


class NotThereError(Exception):
    """A video or channel that has no comments to read, by the API's own reason."""


class YouTubeApi:
    """Asks the API until it answers. A context manager.

    Args:
        api_key: of a Google Cloud project; goes in a header, so that no URL holds it.
        url: of the API.
        backoff: waits between two tries of a question that fails.
    """

    def __init__(self, api_key: str, url: str, backoff: Backoff) -> None:
        self._client = PoliteClient(headers={"x-goog-api-key": api_key})
        self._url = url
        self._backoff = backoff

    async def __aenter__(self) -> Self:
        """Open it."""
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self._client.__aexit__(kind, value, trace)

    async def pages(self, method: str, asked: Asked) -> AsyncGenerator[list[dict[str, Any]], None]:
        """The items of each page of an answer, a hundred pages at most; raises as `get`."""
        token = ""
        for _ in range(MOST_PAGES):
            answer = await self.get(method, {**asked, "pageToken": token} if token else asked)
            yield answer["items"]
            token = answer.get("nextPageToken", "")
            if not token:
                return
        logger.warning("youtube: %s has more pages than are read", method)

    async def known(self, method: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Those of some items that are still there, by id; raises as `get`."""
        asked: Asked = {"id": ",".join(ids), "part": "snippet"}
        return {own["id"]: own for own in (await self.get(method, asked))["items"]}

    async def get(self, method: str, asked: Asked) -> dict[str, Any]:
        """The answer to a question, asked until there is one.

        Raises:
            NotThereError: there is nothing to read.
            SourceRefusedError: the API refuses the key.
        """
        url = f"{self._url}/{method}"
        while True:
            asked_s = 0.0
            try:
                answer = await self._client.get_once(url, {**asked, "textFormat": "plainText"})
                if answer.is_success:
                    document: dict[str, Any] = orjson.loads(answer.content)
                    self._backoff.reset()
                    return document
            except (httpx.TransportError, orjson.JSONDecodeError) as error:
                why = repr(error)
            else:
                why, asked_s = _refusal(answer)
            await pause(self._backoff, url, why, asked_s)


def _refusal(answer: httpx.Response) -> tuple[str, float]:
    """Why the API does not answer now, and how long to wait.

    Raises:
        NotThereError, SourceRefusedError: it will not answer later either.
    """
    reason = _reason(answer)
    asked_s = asked_wait_s(answer.headers, time.time())
    if reason in NOT_THERE:
        raise NotThereError(reason)
    if reason in USED_UP:
        return reason, max(asked_s, USED_UP_WAIT_S)
    if reason in TOO_FAST or is_passing(answer, asked_s):
        return reason, asked_s
    raise SourceRefusedError(
        f"YouTube refuses to be asked ({reason}): VOXPOP_YOUTUBE_API_KEY must be a key of a "
        "project in which the YouTube Data API is enabled"
    )


def _reason(answer: httpx.Response) -> str:
    try:
        return str(orjson.loads(answer.content)["error"]["errors"][0]["reason"])
    except (KeyError, IndexError, TypeError, ValueError):
        return f"HTTP {answer.status_code}"
