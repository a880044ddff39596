"""Marks of posts and authors that somebody wanted to be forgotten, for some hours.

A post may be forgotten before a worker has read it: whoever keeps or counts what a post says looks
for its mark. Not for removing what is kept: that is `store`.
"""

import time
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Final

import redis.asyncio

from connectors.redis_answers import answers_of
from connectors.trends.layout import TrendLayout

MARK_LIFE_S: Final = 6 * 3600  # how late a worker may read a post that was forgotten


class Withdrawn:
    """The marks of a deployment; they hold no names.

    Args:
        client: answers bytes; stays the caller's to close.
        layout: names of the keys.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._key = layout.withdrawn

    async def mark_posts(self, post_ids: Iterable[str]) -> None:
        """Mark posts."""
        await self._mark(_post_mark(own) for own in post_ids)

    async def mark_authors(self, author_hashes: Iterable[str]) -> None:
        """Mark authors."""
        await self._mark(_author_mark(own) for own in author_hashes)

    async def among(self, posts: Sequence[tuple[str, str | None]]) -> list[bool]:
        """Which of these posts are marked, or of a marked author.

        Args:
            posts: their ids and the hashes of their authors, None where those are not known.
        """
        if not posts:
            return []
        marks = [[_post_mark(post), _author_mark(author or "")] for post, author in posts]
        scores = await self._client.zmscore(self._key, [*chain(*marks)])
        return [
            scores[2 * at] is not None or scores[2 * at + 1] is not None for at in range(len(posts))
        ]

    async def _mark(self, marks: Iterable[str]) -> None:
        now = time.time()
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.zadd(self._key, dict.fromkeys(marks, now))
            pipeline.zremrangebyscore(self._key, "-inf", now - MARK_LIFE_S)
            pipeline.expire(self._key, MARK_LIFE_S)
            await answers_of(pipeline)


def _post_mark(post_id: str) -> str:
    return blake2b(post_id.encode(), digest_size=8, person=b"post").hexdigest()


def _author_mark(author_hash: str) -> str:
    return blake2b(author_hash.encode(), digest_size=8, person=b"author").hexdigest()
