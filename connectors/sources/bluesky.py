"""Bluesky, by Jetstream: posts, deletions and departures of the whole network as they happen.

Source: Jetstream's README (github.com/bluesky-social/jetstream) and the lexicon of
`app.bsky.feed.post`.
"""

import logging
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from connectors.schemas.event_time import event_time
from connectors.schemas.post import RawPost
from connectors.schemas.rejection import Rejection
from connectors.sources.attachments import attachments
from connectors.sources.backoff import Backoff
from connectors.sources.endpoints import JETSTREAM
from connectors.sources.errors import SourceRefusedError
from connectors.sources.http_client import TOO_MANY_REQUESTS, USER_AGENT
from connectors.sources.items import (
    AuthorWithdrawn,
    Checkpoint,
    Cursor,
    Item,
    Unusable,
    Withdrawn,
    raw_post,
    readable,
)
from connectors.sources.pausing import pause, shown
from connectors.sources.rate_limit import asked_wait_s

logger = logging.getLogger(__name__)

POSTS: Final = "app.bsky.feed.post"
IMAGES: Final = "https://cdn.bsky.app/img/feed_fullsize/plain"
FILMS: Final = "https://video.bsky.app/watch"
REWIND_S: Final = 5.0  # Jetstream's servers differ by some seconds
GAP_S: Final = 60.0
CHECKPOINT_EVERY_S: Final = 1.0
MESSAGE_MAX_BYTES: Final = 1024 * 1024


class BlueskySource:
    """Every public post of Bluesky.

    A conversation is the thread: its id is the URI of the post that began it. The cursor is
    Jetstream's `time_us`; whatever a connection missed comes again while the server has it.

    Args:
        url: a Jetstream server's `/subscribe`.
        backoff: waits between two connections.
    """

    name = "bluesky"

    def __init__(self, url: str = JETSTREAM, backoff: Backoff | None = None) -> None:
        self._url = url
        self._backoff = backoff or Backoff()
        self._time_us: int | None = None

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: the server refuses the connection for good.
        """
        self._time_us = None if cursor is None else int(cursor["time_us"])
        while True:
            asked_s = 0.0
            try:
                async with connect(
                    self._address(), max_size=MESSAGE_MAX_BYTES, user_agent_header=USER_AGENT
                ) as socket:
                    async for item in self._read(socket):
                        yield item
                why = "the server ended the connection"
            except ConnectionClosed as closed:
                why = str(closed)
            except InvalidStatus as refusal:
                asked_s = self._asked_s(refusal)
                why = f"HTTP {refusal.response.status_code}"
            except (OSError, TimeoutError, WebSocketException) as error:
                why = repr(error)
            await pause(self._backoff, self._url, why, asked_s)

    def _address(self) -> str:
        query: dict[str, str | int] = {
            "wantedCollections": POSTS,
            # a longer one would end each connection again, since it comes again with the cursor
            "maxMessageSizeBytes": MESSAGE_MAX_BYTES,
        }
        if self._time_us is not None:
            query["cursor"] = self._time_us - int(REWIND_S * 1e6)
        return f"{self._url}?{urlencode(query)}"

    async def _read(self, socket: Any) -> AsyncGenerator[Item, None]:
        expected_us = self._time_us
        checkpoint_at = time.monotonic() + CHECKPOINT_EVERY_S
        async for message in socket:
            try:
                event = orjson.loads(message)
                time_us = int(event["time_us"])
                items = list(read_event(event))
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                yield Unusable(f"an event of Jetstream: {error!r:.100}")
                continue
            if expected_us is not None:
                _tell_gap(expected_us, time_us)
                expected_us = None
            self._backoff.reset()
            for item in items:
                yield item
            self._time_us = max(time_us, self._time_us or 0)
            if time.monotonic() >= checkpoint_at:
                checkpoint_at = time.monotonic() + CHECKPOINT_EVERY_S
                yield Checkpoint({"time_us": self._time_us}, time_us / 1e6)

    def _asked_s(self, refusal: InvalidStatus) -> float:
        answer = refusal.response
        if 400 <= answer.status_code < 500 and answer.status_code != TOO_MANY_REQUESTS:
            raise SourceRefusedError(
                f"{shown(self._url)} answers HTTP {answer.status_code}: "
                "VOXPOP_BLUESKY_JETSTREAM must be a Jetstream server's wss://…/subscribe"
            ) from refusal
        return asked_wait_s(answer.headers, time.time())


def read_event(event: dict[str, Any]) -> Iterator[Item]:
    """What an event of Jetstream says; nothing where it is of no concern.

    Raises:
        AttributeError, LookupError, TypeError, ValueError: it is no event.
    """
    did = str(event["did"])
    if event["kind"] == "account" and not event["account"]["active"]:
        yield AuthorWithdrawn(did)
    elif event["kind"] == "commit" and event["commit"]["collection"] == POSTS:
        commit = event["commit"]
        uri = f"at://{did}/{POSTS}/{commit['rkey']}"
        match commit["operation"]:
            case "create":
                seen_at = event["time_us"] / 1e6
                yield readable("a post of Bluesky", _post, uri, did, commit["record"], seen_at)
            case "update":
                yield Withdrawn(uri, "edited")
            case "delete":
                yield Withdrawn(uri, "deleted")


def _post(uri: str, did: str, record: dict[str, Any], seen_at: float) -> RawPost | Unusable:
    reply = record.get("reply")
    langs = record.get("langs")
    return raw_post(
        post_id=uri,
        conversation_id=reply["root"]["uri"] if reply else uri,
        parent_id=reply["parent"]["uri"] if reply else None,
        author_id=did,
        platform="bluesky",
        lang=langs[0] if langs else None,
        created_at=_created_at(record["createdAt"], seen_at),
        text=record["text"],
        media=attachments(_embedded(did, record.get("embed") or {})),
    )


def _embedded(did: str, embed: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What a record shows, at the addresses of Bluesky's own application.

    A quotation with media holds them one level down, never deeper. Of a film it is the still that
    the application shows: the film itself is a playlist.
    """
    if embed.get("$type") == "app.bsky.embed.recordWithMedia":
        embed = embed["media"]
    match embed.get("$type"):
        case "app.bsky.embed.images":
            for each in embed["images"]:
                address = f"{IMAGES}/{did}/{each['image']['ref']['$link']}@jpeg"
                yield "image", address, "image/jpeg"
        case "app.bsky.embed.video":
            address = (
                f"{FILMS}/{quote(did, safe='')}/{embed['video']['ref']['$link']}/thumbnail.jpg"
            )
            yield "image", address, "image/jpeg"


def _created_at(claimed: str, seen_at: float) -> float:
    """The author's clock may say anything; a post is not made after it was seen."""
    try:
        return min(event_time(claimed, now=seen_at), seen_at)
    except Rejection:
        return seen_at


def _tell_gap(expected_us: int, first_us: int) -> None:
    gap_s = (first_us - expected_us) / 1e6
    if gap_s > GAP_S:
        logger.warning(
            "bluesky: the server no longer has what came after the cursor; "
            "posts of %.0f minutes are missing",
            gap_s / 60,
        )
