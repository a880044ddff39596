"""Comments on YouTube videos, by its Data API, version 3.

Not for its requests and refusals: those are `youtube_api`.

Source: developers.google.com/youtube/v3/docs/commentThreads and …/comments.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.schemas.post import RawPost
from connectors.sources.backoff import Backoff
from connectors.sources.endpoints import YOUTUBE
from connectors.sources.errors import SourceRefusedError
from connectors.sources.frontier import Frontier
from connectors.sources.items import (
    Checkpoint,
    Cursor,
    Item,
    Unusable,
    Withdrawn,
    raw_post,
    readable,
)
from connectors.sources.recheck import Recheck
from connectors.sources.youtube_api import PAGE, Asked, NotThereError, YouTubeApi

logger = logging.getLogger(__name__)

LOOKED_AT_ONCE: Final = 50
DAY_S: Final = 86_400.0
DAILY_UNITS: Final = 10_000
LOOKS: Final = 2  # units of each round that go to known comments


class YouTubeSource:
    """New comments on some videos or on all videos of some channels.

    A conversation is a thread: a comment and its replies. The cursor holds how far each
    place is read. Known threads are looked at again for a month, for replies, edits
    and deletions, ten minutes after the last change and then ever more rarely.

    Args:
        videos: their ids.
        channels: their ids, `UC…`.
        api_key: of a Google Cloud project.
        poll_s: seconds between two rounds; longer where the daily units would not last.
        daily_units: of the project.
        backoff: waits between two tries of a request that fails.
        url: of the API.

    Attributes:
        poll_s: seconds between two rounds, as it is.
    """

    name = "youtube"

    def __init__(
        self,
        videos: Sequence[str],
        channels: Sequence[str],
        api_key: str,
        *,
        poll_s: float = 60.0,
        daily_units: int = DAILY_UNITS,
        backoff: Backoff | None = None,
        url: str = YOUTUBE,
    ) -> None:
        self._places = [("videoId", own) for own in videos]
        self._places += [("allThreadsRelatedToChannelId", own) for own in channels]
        self._api_key = api_key
        self.poll_s = max(poll_s, DAY_S * (len(self._places) + LOOKS) / daily_units)
        self._backoff = backoff or Backoff()
        self._url = url
        self._frontiers = {own: Frontier() for _, own in self._places}
        self._threads = Recheck()
        self._replies = Recheck()

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        """See `Source`.

        Raises:
            SourceRefusedError: the key is refused, or there is nothing left to read.
        """
        if cursor is not None:
            kept = cursor["places"]
            self._frontiers |= {
                own: Frontier.load(kept[own]) for own in self._frontiers.keys() & kept.keys()
            }
            self._threads.load(cursor["threads"])
            self._replies.load(cursor["replies"])
        async with YouTubeApi(self._api_key, self._url, self._backoff) as api:
            while self._places:
                for place in list(self._places):
                    async for item in self._read(api, *place):
                        yield item
                async for item in self._look_again(api):
                    yield item
                yield self._checkpoint()
                await asyncio.sleep(self.poll_s)
        raise SourceRefusedError("YouTube: none of the videos and channels has comments to read")

    def taken(self, post: RawPost) -> None:
        """See `Watching`; a thread is taken with any post of it."""
        self._threads.take(post.conversation_id.removeprefix("youtube:"))
        self._replies.take(post.post_id.removeprefix("youtube:"))

    async def _read(self, api: YouTubeApi, kind: str, own: str) -> AsyncGenerator[Item, None]:
        """Threads of a place that are new since the last round, the newest first."""
        frontier, met = self._frontiers[own], dict[str, float]()
        asked: Asked = {kind: own, "order": "time", "maxResults": PAGE, "part": "snippet,replies"}
        try:
            async for page in api.pages("commentThreads", asked):
                for thread in page:
                    made = _made(thread)
                    if frontier.is_new(thread["id"], made):
                        met[thread["id"]] = made
                        async for item in self._thread(api, thread):
                            yield item
                yield self._checkpoint()
                if any(frontier.is_past(made) for made in map(_made, page)):
                    break
        except NotThereError as reason:
            logger.warning("youtube: %s: %s; it is asked no more", own, reason)
            self._places.remove((kind, own))
            return
        frontier.meet(met.items())  # only now: a walk that was cut short begins again

    async def _thread(self, api: YouTubeApi, thread: dict[str, Any]) -> AsyncGenerator[Item, None]:
        top = thread["snippet"]["topLevelComment"]
        replies = thread["snippet"]["totalReplyCount"]
        self._threads.watch(top["id"], comment_seconds(top), _state(thread), time.time())
        yield comment_post(top, None)
        async for item in self._new_replies(api, thread, replies):
            yield item

    async def _new_replies(
        self, api: YouTubeApi, thread: dict[str, Any], count: int
    ) -> AsyncGenerator[Item, None]:
        """Replies that are not known, the oldest first; asked for where the thread has not all."""
        held = thread.get("replies", {}).get("comments", [])
        if len(held) < count:
            asked: Asked = {"parentId": thread["id"], "maxResults": PAGE, "part": "snippet"}
            held = [own async for page in api.pages("comments", asked) for own in page]
        for reply in sorted(held, key=lambda own: str(own["snippet"]["publishedAt"])):
            if reply["id"] not in self._replies:
                state = reply["snippet"]["updatedAt"]
                self._replies.watch(reply["id"], comment_seconds(reply), state, time.time())
                yield comment_post(reply, thread["id"])

    async def _look_again(self, api: YouTubeApi) -> AsyncGenerator[Item, None]:
        now = time.time()
        if ids := self._threads.due(now, LOOKED_AT_ONCE):
            threads = await api.known("commentThreads", ids)
            for withdrawn in _missing(ids, threads, self._threads):
                yield withdrawn
            for thread in threads.values():
                async for item in self._changed_thread(api, thread):
                    yield item
        if ids := self._replies.due(now, LOOKED_AT_ONCE):
            replies = await api.known("comments", ids)
            for withdrawn in _missing(ids, replies, self._replies):
                yield withdrawn
            for own, reply in replies.items():
                if self._replies.changed(own, reply["snippet"]["updatedAt"], now) is not None:
                    yield Withdrawn(f"youtube:{own}", "edited")

    async def _changed_thread(
        self, api: YouTubeApi, thread: dict[str, Any]
    ) -> AsyncGenerator[Item, None]:
        before = self._threads.changed(thread["id"], _state(thread), time.time())
        if before is None:
            return
        if before.partition(" ")[0] != _state(thread).partition(" ")[0]:
            yield Withdrawn(f"youtube:{thread['id']}", "edited")
        async for item in self._new_replies(api, thread, thread["snippet"]["totalReplyCount"]):
            yield item

    def _checkpoint(self) -> Checkpoint:
        state = {
            "places": {own: it.dump() for own, it in self._frontiers.items() if it.began},
            "threads": self._threads.dump(),
            "replies": self._replies.dump(),
        }
        return Checkpoint(state, time.time())


def comment_post(comment: dict[str, Any], thread_id: str | None) -> Item:
    """A comment as the API gives it as a post.

    Args:
        comment: of the API.
        thread_id: of the comment that it answers; None where it begins a thread.
    """
    return readable("a comment of YouTube", _post, comment, thread_id)


def _post(comment: dict[str, Any], thread_id: str | None) -> RawPost | Unusable:
    snippet = comment["snippet"]
    author = snippet.get("authorChannelId", {}).get("value")
    post_id = f"youtube:{comment['id']}"
    parent_id = None if thread_id is None else f"youtube:{thread_id}"
    return raw_post(
        post_id=post_id,
        conversation_id=parent_id or post_id,
        parent_id=parent_id,
        author_id=f"youtube:{author}" if author else None,
        platform="youtube",
        created_at=comment_seconds(comment),
        text=snippet.get("textOriginal") or snippet["textDisplay"],
    )


def _missing(ids: list[str], found: dict[str, Any], known: Recheck) -> Iterator[Withdrawn]:
    for own in ids:
        if own not in found:
            known.forget(own)
            yield Withdrawn(f"youtube:{own}", "deleted")


def _state(thread: dict[str, Any]) -> str:
    """When a thread's first comment was last edited, and how many replies it has."""
    snippet = thread["snippet"]
    return f"{snippet['topLevelComment']['snippet']['updatedAt']} {snippet['totalReplyCount']}"


def _made(thread: dict[str, Any]) -> float:
    return comment_seconds(thread["snippet"]["topLevelComment"])


def comment_seconds(comment: dict[str, Any]) -> float:
    """When a comment was made, Unix seconds."""
    return datetime.fromisoformat(comment["snippet"]["publishedAt"]).timestamp()
