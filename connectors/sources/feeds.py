"""RSS and Atom feeds: their entries as they appear. Not for the pages that entries link to.

Source: RSS 2.0, RFC 4287 (Atom), RFC 4685 (replies in Atom); read by feedparser.
"""

import asyncio
import calendar
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlsplit

import feedparser
import httpx

from connectors.schemas.post import Identifier, RawPost
from connectors.sources.attachments import attachments
from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceError, SourceRefusedError
from connectors.sources.http_client import PoliteClient
from connectors.sources.items import (
    Checkpoint,
    Cursor,
    Item,
    Unusable,
    Withdrawn,
    raw_post,
    readable,
)
from connectors.sources.pausing import shown
from connectors.sources.plain_text import plain_text
from connectors.sources.rate_limit import asked_wait_s

logger = logging.getLogger(__name__)

GONE: Final = 410
NOT_MODIFIED: Final = 304
LONGEST_ID: Final = 256


@dataclass(slots=True)
class _Feed:
    """How far a feed is read.

    Attributes:
        due_at: when it is asked next, by the monotonic clock.
        validators: headers that ask only for what is new (RFC 9110, 13).
        entries: of its last document, post id -> digest of the text.
    """

    url: str
    backoff: Backoff
    due_at: float = 0.0
    validators: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its name in the cursor, which must not hold a secret that the URL may have."""
        return _digest(self.url)

    def dump(self) -> dict[str, Any]:
        return {"validators": self.validators, "entries": self.entries}


class FeedSource:
    """Entries of some feeds, each asked again after a while and only for what changed.

    An entry whose text changes is withdrawn and not sent again: it counts once. Feeds do not tell
    of deletions; an entry that is no longer there may only be old.

    Args:
        urls: of the feeds.
        poll_s: seconds between two questions to a feed; its own `ttl` may ask for more.
        first_wait_s: first wait after a failure, which doubles up to an hour.

    Raises:
        SourceError: later, by `items`: every feed is gone.
    """

    name = "rss"

    def __init__(
        self, urls: Sequence[str], poll_s: float = 300.0, first_wait_s: float = 30.0
    ) -> None:
        self._poll_s = poll_s
        self._feeds = [_Feed(url, Backoff(first_wait_s, 3600.0)) for url in dict.fromkeys(urls)]

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: every feed is gone for good.
        """
        for feed in self._feeds:
            kept = ((cursor or {}).get("feeds") or {}).get(feed.key, {})
            feed.validators = kept.get("validators", {})
            feed.entries = kept.get("entries", {})
        async with PoliteClient(follow_redirects=True) as client:
            while self._feeds:
                feed = min(self._feeds, key=lambda own: own.due_at)
                await asyncio.sleep(feed.due_at - time.monotonic())
                for item in await self._ask(client, feed):
                    yield item
                yield Checkpoint(
                    {"feeds": {own.key: own.dump() for own in self._feeds}}, time.time()
                )
        raise SourceRefusedError("every feed is gone (HTTP 410): look for their new addresses")

    async def _ask(self, client: PoliteClient, feed: _Feed) -> list[Item]:
        try:
            answer = await client.get_once(feed.url, headers=feed.validators)
        except (httpx.HTTPError, httpx.InvalidURL, SourceError) as error:
            self._put_off(feed, repr(error))
            return []
        if answer.status_code == GONE:
            logger.warning("%s: is gone for good; it is asked no more", shown(feed.url))
            self._feeds.remove(feed)
            return []
        if answer.status_code != NOT_MODIFIED and not answer.is_success:
            asked_s = asked_wait_s(answer.headers, time.time())
            self._put_off(feed, f"HTTP {answer.status_code}", asked_s)
            return []
        feed.backoff.reset()
        feed.due_at = time.monotonic() + self._poll_s
        return [] if answer.status_code == NOT_MODIFIED else await self._read(feed, answer)

    async def _read(self, feed: _Feed, answer: httpx.Response) -> list[Item]:
        headers = {name: value for name, value in answer.headers.items() if name == "content-type"}
        document = await asyncio.to_thread(
            feedparser.parse, answer.content, response_headers=headers, sanitize_html=False
        )
        if document.bozo and not document.entries:
            self._put_off(feed, f"is no feed: {document.bozo_exception}")
            return []
        feed.due_at = max(feed.due_at, time.monotonic() + _ttl_s(document))
        feed.validators = {
            ask: answer.headers[told]
            for told, ask in (("etag", "if-none-match"), ("last-modified", "if-modified-since"))
            if told in answer.headers
        }
        return list(_new_items(feed, document, time.time()))

    def _put_off(self, feed: _Feed, why: str, asked_s: float = 0.0) -> None:
        wait_s = feed.backoff.next_wait_s(asked_s)
        feed.due_at = time.monotonic() + wait_s
        logger.warning("%s: %s; again in %.1f s", shown(feed.url), why, wait_s)


def _new_items(feed: _Feed, document: Any, now: float) -> Iterator[Item]:
    """What a feed's document says beyond the last one, the oldest entry first."""
    last, feed.entries = feed.entries, {}
    lang = document.feed.get("language")
    for entry in reversed(document.entries):
        post = readable("an entry", entry_post, entry, feed.url, lang, now)
        if not isinstance(post, RawPost):
            yield post
            continue
        digest = _digest(post.text or "")
        feed.entries[post.post_id] = digest
        if post.post_id not in last:
            yield post
        elif last[post.post_id] != digest:
            yield Withdrawn(post.post_id, "edited")


def entry_post(entry: Any, url: str, lang: str | None, now: float) -> RawPost | Unusable:
    """An entry as feedparser reads it as a post.

    Args:
        entry: of the feed.
        url: of the feed.
        lang: of the feed.
        now: Unix seconds; no entry is newer.
    """
    own_id = entry.get("id") or entry.get("link")
    if not own_id:
        return Unusable("an entry without id or link")
    post_id = _post_id(own_id, url)
    parent = (entry.get("thr_in-reply-to") or {}).get("ref")
    parent_id = _post_id(parent, url) if parent else None
    made = entry.get("published_parsed") or entry.get("updated_parsed")
    contents = [own.value for own in entry.get("content", [])] or [entry.get("summary", "")]
    parts = [entry.get("title", ""), *contents]
    return raw_post(
        post_id=post_id,
        conversation_id=parent_id or post_id,
        parent_id=parent_id,
        platform="rss",
        lang=lang,
        created_at=min(calendar.timegm(made), now) if made else now,
        text="\n".join(filter(None, map(plain_text, parts))),
        media=attachments(
            (str(each.get("type")), each.get("href"), each.get("type"))
            for each in entry.get("enclosures", [])
        ),
    )


def _post_id(own_id: str, url: str) -> Identifier:
    """An id that no other feed has: ids of feeds are often bare numbers, or very long."""
    whole = own_id if urlsplit(own_id).scheme else f"{urlsplit(url).hostname}:{own_id}"
    return whole if len(whole) <= LONGEST_ID else f"{whole[:200]}…{_digest(whole)}"


def _ttl_s(document: Any) -> float:
    try:
        return 60 * float(document.feed.get("ttl", 0))
    except ValueError:
        return 0.0


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
