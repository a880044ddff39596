"""Keeps example posts in Redis, and forgets them when somebody asks.

Keeping is idempotent and independent of order: the best of a track and label by a rank that never
changes. Not for counts: a worker may keep an example of a post and die before it counts it.
"""

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import Final

import msgspec
import orjson
import redis.asyncio

from connectors.exemplars.exemplar import document
from connectors.exemplars.ranking import LABELS, MOST, Candidates
from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import DAY_S, TrendLayout
from connectors.trends.series import text

LIFE_S: Final = 30 * DAY_S  # after the last example of a track
_PACKED: Final = msgspec.msgpack.Encoder()


class ExemplarStore:
    """Example posts by track.

    Args:
        client: answers bytes; stays the caller's to close.
        layout: names of the keys.
        text_retention_s: seconds from its creation that a post's text is kept; 0: no text is.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: TrendLayout, text_retention_s: float = 0.0
    ) -> None:
        self._client = client
        self._layout = layout
        self._text_retention_s = text_retention_s
        self._keep = RedisScript(__package__, "keep.lua")
        self._candidates = Candidates()

    async def keep(self, posts: Sequence[Prediction], texts: Mapping[int, str]) -> None:
        """Keep those posts that are among the best of a track and label.

        Args:
            posts: of one source partition.
            texts: of those that have one, by offset.

        Raises:
            redis.exceptions.RedisError: Redis did not answer; keep the same posts again.
        """
        by_track: dict[str, list[dict[str, object]]] = {}
        for post in posts:
            for track, ranks in self._candidates.offer(post).items():
                kept = self._kept(post, ranks, texts.get(post.source.offset))
                by_track.setdefault(track, []).append(kept)
        if by_track:
            calls = [self._call(track, kept) for track, kept in by_track.items()]
            await self._keep.run(self._client, calls)

    async def forget_posts(self, post_ids: Collection[str]) -> int:
        """Remove posts and their texts from every track; returns how many, once for each track."""
        wanted = list(post_ids)
        forgotten = 0
        for track in await self._tracks():
            kept = await self._client.hmget(self._layout.exemplars(track), wanted)
            found = [own for own, held in zip(wanted, kept, strict=True) if held is not None]
            forgotten += await self._remove(track, found)
        return forgotten

    async def forget_authors(self, author_hashes: Collection[str]) -> int:
        """Remove all posts of authors and their texts; returns how many, once for each track."""
        forgotten = 0
        for track in await self._tracks():
            documents = await self._client.hgetall(self._layout.exemplars(track))
            found = [
                text(own)
                for own, kept in documents.items()
                if orjson.loads(kept)["author_hash"] in author_hashes
            ]
            forgotten += await self._remove(track, found)
        return forgotten

    async def _tracks(self) -> list[str]:
        return [text(track) for track in await self._client.smembers(self._layout.tracks)]

    async def _remove(self, track: str, post_ids: Sequence[str]) -> int:
        if not post_ids:
            return 0
        layout = self._layout
        async with self._client.pipeline(transaction=False) as pipeline:
            pipeline.hdel(layout.exemplars(track), *post_ids)
            for label in LABELS:
                pipeline.zrem(layout.exemplar_ranks(track, label), *post_ids)
            for post_id in post_ids:
                pipeline.delete(layout.exemplar_text(track, post_id))
            await pipeline.execute()
        return len(post_ids)

    def _kept(
        self, post: Prediction, ranks: Mapping[str, float], words: str | None
    ) -> dict[str, object]:
        kept: dict[str, object] = {
            "id": post.post_id,
            "document": document(post),
            "ranks": {LABELS.index(label): rank for label, rank in ranks.items()},
        }
        if words and self._text_retention_s:
            kept["text"] = words
            kept["text_expires_at"] = ceil(post.created_at + self._text_retention_s)
        return kept

    def _call(self, track: str, kept: Sequence[Mapping[str, object]]) -> ScriptCall:
        layout = self._layout
        keys = [layout.exemplars(track)]
        keys += [layout.exemplar_ranks(track, label) for label in LABELS]
        batch = _PACKED.encode({"most": MOST, "life_s": LIFE_S, "posts": kept})
        return ScriptCall(keys, [layout.exemplar_text(track, ""), batch])
