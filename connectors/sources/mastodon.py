"""Mastodon, by a server's streaming API: its public timeline or a hashtag, and what is deleted.

Source: docs.joinmastodon.org, methods/streaming, methods/timelines, methods/statuses,
entities/Status, api/rate-limits.
"""

import logging
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import orjson
from httpx_sse import EventSource, SSEError, aconnect_sse

from connectors.schemas.post import RawPost
from connectors.sources.attachments import attachments
from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceRefusedError, SourceSettingsError
from connectors.sources.http_client import Params, PoliteClient, is_passing
from connectors.sources.items import (
    Checkpoint,
    Cursor,
    Item,
    Unusable,
    Withdrawn,
    raw_post,
    readable,
)
from connectors.sources.pausing import pause, shown
from connectors.sources.plain_text import plain_text
from connectors.sources.rate_limit import asked_wait_s
from connectors.sources.roots import Roots

logger = logging.getLogger(__name__)

SILENCE: Final = httpx.Timeout(60.0, connect=10.0)  # the server says something every 15 s
PAGE: Final = 40
MOST_PAGES: Final = 100
LOOKED_AT_ONCE: Final = 20
MOST_RECENT: Final = 1000
REWIND: Final = (
    60_000 << 16
)  # a minute of ids: others' posts arrive late, with ids of their own time
CHECKPOINT_EVERY_S: Final = 1.0
A_POST: Final = "a post of Mastodon"
REFUSED: Final = "VOXPOP_MASTODON_TOKEN must be the access token of an application on this server"


class MastodonSource:
    """Public posts that a Mastodon server knows, of all servers or its own.

    Ids are `host:id`, since a deletion names only the server's own id. The cursor is the last id:
    after a break the timeline is read from there, and the last 1,000 posts are looked at again,
    since a break also hides deletions and edits.

    Args:
        server: its URL, `https://mastodon.social`.
        token: of an application on it.
        hashtag: only posts with it; None: all.
        local: only posts of people on this server.
        backoff: waits between two connections.

    Raises:
        SourceSettingsError: the URL is none.
    """

    def __init__(
        self,
        server: str,
        token: str | None,
        hashtag: str | None = None,
        *,
        local: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        parts = urlsplit(server)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SourceSettingsError(f"{server}: give a server as https://mastodon.social")
        self._host = parts.hostname
        self._api = f"{server.rstrip('/')}/api/v1"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._hashtag = hashtag.lstrip("#") if hashtag else None
        self._local = local
        self._backoff = backoff or Backoff()
        self._last_id: str | None = None
        self._recent: dict[str, str | None] = {}  # the server's id -> when it was last edited
        self._roots = Roots()

    @property
    def name(self) -> str:
        """See `Source`."""
        return f"mastodon:{self._host}"

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: the server refuses the token, or has no such stream.
        """
        if cursor is not None:
            self._last_id = cursor["last_id"]
            self._recent = dict(cursor["recent"])
            self._roots.load(cursor["roots"])
        client = PoliteClient(headers=self._headers, backoff=self._backoff, refused=REFUSED)
        async with client:
            while True:
                asked_s = 0.0
                try:
                    async with self._stream(client) as events:
                        await _require_stream(events.response, client)
                        async for item in self._follow(client, events):
                            yield item
                    why = "the server ended the stream"
                except httpx.HTTPStatusError as error:
                    asked_s = asked_wait_s(error.response.headers, time.time())
                    why = f"HTTP {error.response.status_code}"
                except (httpx.TransportError, SSEError) as error:
                    why = repr(error)
                await pause(self._backoff, f"{self._api}/streaming", why, asked_s)

    def _stream(self, client: PoliteClient) -> AbstractAsyncContextManager[EventSource]:
        kind = "public" if self._hashtag is None else "hashtag"
        path = f"{kind}/local" if self._local else kind
        params = {} if self._hashtag is None else {"tag": self._hashtag}
        url = f"{self._api}/streaming/{path}"
        return aconnect_sse(client.http, "GET", url, params=params, timeout=SILENCE)

    async def _follow(
        self, client: PoliteClient, events: EventSource
    ) -> AsyncGenerator[Item, None]:
        """What was missed, then what comes; the stream is open already, so none falls between."""
        if self._last_id is not None:
            async for item in self._missed(client, self._last_id):
                yield item
        checkpoint_at = 0.0
        async for event in events.aiter_sse():
            self._backoff.reset()
            for item in self._said(event.event, event.data):
                yield item
            if time.monotonic() >= checkpoint_at:
                checkpoint_at = time.monotonic() + CHECKPOINT_EVERY_S
                yield self._checkpoint()

    async def _missed(self, client: PoliteClient, last_id: str) -> AsyncGenerator[Item, None]:
        recent = list(self._recent)
        for at in range(0, len(recent), LOOKED_AT_ONCE):
            ids = recent[at : at + LOOKED_AT_ONCE]
            answer = await client.get(f"{self._api}/statuses", {"id[]": ids})
            if not answer.is_success:  # before Mastodon 4.3
                break
            for item in self._changed(ids, orjson.loads(answer.content)):
                yield item
        kind = "public" if self._hashtag is None else f"tag/{quote(self._hashtag, safe='')}"
        after = _rewound(last_id)
        for _ in range(MOST_PAGES):
            params: Params = {"min_id": after, "limit": PAGE, "local": str(self._local).lower()}
            page = await client.get_json(f"{self._api}/timelines/{kind}", params)
            if not page:
                return
            for status in reversed(page):
                yield readable(A_POST, self._post, status)
            after = page[0]["id"]
            yield self._checkpoint()
        logger.warning("%s: more was missed than is read again; some posts are missing", self._host)

    def _said(self, event: str, data: str) -> Iterator[Item]:
        match event:
            case "update":
                yield readable(A_POST, self._said_post, data)
            case "status.update":
                yield readable(A_POST, self._edited, data)
            case "delete":
                self._recent.pop(data, None)
                yield Withdrawn(self._id(data), "deleted")

    def _said_post(self, data: str) -> RawPost | Unusable:
        return self._post(orjson.loads(data))

    def _edited(self, data: str) -> Withdrawn:
        status = orjson.loads(data)
        own = str(status["id"])
        if own in self._recent:
            self._recent[own] = status["edited_at"]
        return Withdrawn(self._id(own), "edited")

    def _changed(self, ids: list[str], statuses: list[dict[str, Any]]) -> Iterator[Item]:
        """What an answer says of the posts that were asked for."""
        found = {status["id"]: status["edited_at"] for status in statuses}
        for own in ids:
            if own not in found:
                del self._recent[own]
                yield Withdrawn(self._id(own), "deleted")
            elif found[own] != self._recent[own]:
                self._recent[own] = found[own]
                yield Withdrawn(self._id(own), "edited")

    def _post(self, status: dict[str, Any]) -> RawPost | Unusable:
        own, parent = status["id"], status["in_reply_to_id"]
        if status["visibility"] != "public" or status["reblog"] is not None:
            return Unusable("a post that is not public, or another's")
        self._last_id = max(own, self._last_id or own, key=lambda each: (len(each), each))
        self._recent[own] = status["edited_at"]
        if len(self._recent) > MOST_RECENT:
            del self._recent[next(iter(self._recent))]
        words = (status["spoiler_text"], plain_text(status["content"]))
        return raw_post(
            post_id=self._id(own),
            conversation_id=self._id(self._roots.root_of(own, parent)),
            parent_id=None if parent is None else self._id(parent),
            author_id=status["account"]["url"],
            platform="mastodon",
            lang=status["language"],
            created_at=datetime.fromisoformat(status["created_at"]).timestamp(),
            text="\n".join(filter(None, words)),
            media=attachments(_named(status)),
        )

    def _checkpoint(self) -> Checkpoint:
        recent, roots = dict(self._recent), self._roots.dump()
        return Checkpoint({"last_id": self._last_id, "recent": recent, "roots": roots}, time.time())

    def _id(self, own: str) -> str:
        return f"{self._host}:{own}"


async def _require_stream(answer: httpx.Response, client: PoliteClient) -> None:
    """Raise unless the stream is open.

    Raises:
        httpx.HTTPStatusError: it may be another time.
        SourceRefusedError: it will never be.
    """
    if answer.is_success:
        return
    if is_passing(answer, asked_wait_s(answer.headers, time.time())):
        answer.raise_for_status()
    client.require_let_in(answer)
    raise SourceRefusedError(
        f"{shown(str(answer.url))} answers HTTP {answer.status_code}: is it a Mastodon server?"
    )


def _named(status: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Media as Mastodon's API tells of them; a moving picture is a film without sound there."""
    for each in status["media_attachments"]:
        kind = "video" if each["type"] == "gifv" else each["type"]
        yield kind, each["url"], None


def _rewound(last_id: str) -> str:
    """An id of a little earlier. Source: Mastodon's snowflakes, milliseconds << 16."""
    return str(max(0, int(last_id) - REWIND)) if last_id.isdigit() else last_id
