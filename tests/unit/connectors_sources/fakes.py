"""A scripted source, a topic and a forgetter in memory, and items of a source up to an effect."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from connectors.schemas.post import RawPost
from connectors.sources.items import Cursor, Item, Source, Watching, Withdrawn, raw_post

WITHIN_S = 20.0


def post(post_id: str, text: str = "acme is fine", **fields: object) -> RawPost:
    made = raw_post(
        **{
            "post_id": post_id,
            "conversation_id": "c1",
            "platform": "scripted",
            "created_at": 1_764_000_000.0,
            "text": text,
        }
        | fields
    )
    assert isinstance(made, RawPost)
    return made


class ScriptedSource:
    """Yields what it is given; an exception is raised, "wait" waits for ever."""

    name = "scripted"

    def __init__(self, script: Sequence[Item | Exception | str]) -> None:
        self._script = script
        self.began_at: Cursor | None = None
        self.waiting = asyncio.Event()

    async def items(self, cursor: Cursor | None) -> AsyncGenerator[Item, None]:
        self.began_at = cursor
        for step in self._script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, str):
                self.waiting.set()
                await asyncio.Event().wait()
            else:
                yield step


class FakeTopic:
    """`posts.raw` with one partition; posts are there at once."""

    def __init__(self) -> None:
        self.posts: list[RawPost] = []
        self.flushes = 0
        self.refused: set[str] = set()
        self.broken: Exception | None = None

    async def send(self, post: RawPost) -> None:
        if post.post_id in self.refused:
            raise ValueError(f"{post.post_id} is too large")
        self.posts.append(post)

    async def flush(self) -> Mapping[int, int]:
        if self.broken is not None:
            raise self.broken
        self.flushes += 1
        return {0: len(self.posts)}

    async def ends(self) -> Mapping[int, int]:
        return {0: len(self.posts)}

    async def own_posts(self, next_offsets: Mapping[int, int]) -> AsyncIterator[str]:
        for post in self.posts[next_offsets.get(0, 0) :]:
            yield post.post_id

    @property
    def ids(self) -> list[str]:
        return [post.post_id for post in self.posts]


class FakeForgetter:
    def __init__(self) -> None:
        self.posts: list[str] = []
        self.authors: list[str] = []

    async def forget(self, post_ids: Collection[str], author_ids: Collection[str]) -> int:
        self.posts += sorted(post_ids)
        self.authors += sorted(author_ids)
        return len(post_ids) + len(author_ids)


async def items_until(
    source: Source,
    done: Callable[[list[Item]], bool],
    cursor: Cursor | None = None,
    takes: Callable[[RawPost], bool] = lambda _: True,
) -> list[Item]:
    """What a source yields until that is enough; it is told which posts are taken."""
    found: list[Item] = []
    async with asyncio.timeout(WITHIN_S):
        async with aclosing(source.items(cursor)) as items:
            async for item in items:
                found.append(item)
                if isinstance(item, RawPost) and isinstance(source, Watching) and takes(item):
                    source.taken(item)
                if done(found):
                    break
    return found


def posts_of(items: Sequence[Item]) -> list[RawPost]:
    return [item for item in items if isinstance(item, RawPost)]


def ids_of(items: Sequence[Item]) -> list[str]:
    return [item.post_id for item in posts_of(items)]


def withdrawn_of(items: Sequence[Item]) -> dict[str, str]:
    return {item.post_id: item.cause for item in items if isinstance(item, Withdrawn)}


def has_posts(count: int) -> Callable[[list[Any]], bool]:
    return lambda items: len(posts_of(items)) >= count
