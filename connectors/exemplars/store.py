"""Keeps example posts in Redis, and forgets them when somebody asks.

Keeping is idempotent and independent of order: the best of a track and label by a rank that never
changes. Not for counts: a worker may keep an example of a post and die before it counts it.

A post may be forgotten before a worker has read it. So whoever forgets marks first and then
removes, and whoever keeps looks for a mark afterwards: whichever comes last removes it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

import msgspec
import orjson
import redis.asyncio

from connectors.conversations.source import SourcePartition
from connectors.exemplars.exemplar import document
from connectors.exemplars.ranking import LABELS, MOST, Candidates
from connectors.exemplars.window_place import WindowPlace
from connectors.exemplars.withdrawn import Withdrawn
from connectors.redis_answers import answers_of
from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import DAY_S, TrendLayout
from connectors.trends.series import text

LIFE_S: Final = 30 * DAY_S  # after the last example of a track
MOST_SIGNS: Final = 5000  # of a text: whoever writes one fills no memory with it
TRACKS_AT_ONCE: Final = 50  # of whom at most 5,000 posts are read together, some megabytes
Told = Callable[[int, int], None]
_PACKED: Final = msgspec.msgpack.Encoder()


class Example(NamedTuple):
    """A post that may be kept, and what is known of it besides.

    Attributes:
        source: the partition whose window it joined.
        window: records of that window, of which the model saw the first `window_posts`; None where
            they are not known.
    """

    post: Prediction
    text: str | None = None
    source: SourcePartition | None = None
    window: Sequence[bytes] | None = None


def _tell_nobody(_done: int, _all: int) -> None:
    """For who has nobody waiting."""


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
        self._withdrawn = Withdrawn(client, layout)
        self._candidates = Candidates()

    async def keep(self, examples: Iterable[Example]) -> None:
        """Keep those posts that are among the best of a track and label.

        Args:
            examples: posts, with what is known of them besides.

        Raises:
            redis.exceptions.RedisError: Redis did not answer; keep the same posts again.
        """
        by_track: dict[str, list[dict[str, object]]] = {}
        kept_posts: dict[str, Prediction] = {}
        for example in examples:
            for track, ranks in self._candidates.offer(example.post).items():
                by_track.setdefault(track, []).append(self._kept(example, ranks))
                kept_posts[example.post.post_id] = example.post
        if by_track:
            calls = [self._call(track, kept) for track, kept in by_track.items()]
            await self._keep.run(self._client, calls)
            await self._remove_marked(list(kept_posts.values()))

    async def forget_posts(self, post_ids: Collection[str], told: Told = _tell_nobody) -> int:
        """Remove posts and their texts from every track.

        Args:
            post_ids: of the posts.
            told: called with the tracks that are done, and with all there are.

        Returns:
            How many were removed, once for each track.
        """
        wanted = list(post_ids)
        await self._withdrawn.mark_posts(wanted)
        forgotten = 0
        async for tracks in self._tracks(told):
            for track, kept in zip(tracks, await self._read(tracks, "hmget", wanted), strict=True):
                found = [own for own, held in zip(wanted, kept, strict=True) if held is not None]
                forgotten += await self._remove(track, found)
        return forgotten

    async def forget_authors(
        self, author_hashes: Collection[str], told: Told = _tell_nobody
    ) -> int:
        """Remove all posts of authors and their texts.

        Args:
            author_hashes: of the authors.
            told: as for `forget_posts`.

        Returns:
            How many were removed, once for each track.
        """
        await self._withdrawn.mark_authors(author_hashes)
        forgotten = 0
        async for tracks in self._tracks(told):
            for track, documents in zip(tracks, await self._read(tracks, "hgetall"), strict=True):
                found = [
                    text(own)
                    for own, kept in documents.items()
                    if orjson.loads(kept)["author_hash"] in author_hashes
                ]
                forgotten += await self._remove(track, found)
        return forgotten

    async def _tracks(self, told: Told) -> AsyncIterator[Sequence[str]]:
        """All tracks, some at a time."""
        names = sorted(text(track) for track in await self._client.smembers(self._layout.tracks))
        told(0, len(names))
        for first in range(0, len(names), TRACKS_AT_ONCE):
            some = names[first : first + TRACKS_AT_ONCE]
            yield some
            told(first + len(some), len(names))

    async def _read(self, tracks: Sequence[str], command: str, *arguments: Any) -> list[Any]:
        """What a command says of the documents of each track, in one round trip."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for track in tracks:
                getattr(pipeline, command)(self._layout.exemplars(track), *arguments)
            return await answers_of(pipeline)

    async def _remove(self, track: str, post_ids: Sequence[str]) -> int:
        if not post_ids:
            return 0
        layout = self._layout
        async with self._client.pipeline(transaction=False) as pipeline:
            for post_id in post_ids:
                pipeline.delete(layout.exemplar_text(track, post_id))
            for label in LABELS:
                pipeline.zrem(layout.exemplar_ranks(track, label), *post_ids)
            pipeline.hdel(layout.exemplars(track), *post_ids)  # last: it is what is looked for
            await answers_of(pipeline)
        return len(post_ids)

    async def _remove_marked(self, posts: Sequence[Prediction]) -> None:
        marked = await self._withdrawn.among([(own.post_id, own.author_hash) for own in posts])
        for post, is_marked in zip(posts, marked, strict=True):
            if is_marked:
                for track in dict.fromkeys(post.tracks):
                    await self._remove(track, [post.post_id])

    def _kept(self, example: Example, ranks: Mapping[str, float]) -> dict[str, object]:
        post, words = example.post, example.text
        kept: dict[str, object] = {
            "id": post.post_id,
            "document": document(post, _place(example)),
            "ranks": {LABELS.index(label): rank for label, rank in ranks.items()},
        }
        if words and self._text_retention_s:
            kept["text"] = words[:MOST_SIGNS]
            kept["text_expires_at"] = ceil(post.created_at + self._text_retention_s)
        return kept

    def _call(self, track: str, kept: Sequence[Mapping[str, object]]) -> ScriptCall:
        layout = self._layout
        keys = [layout.exemplars(track)]
        keys += [layout.exemplar_ranks(track, label) for label in LABELS]
        batch = _PACKED.encode({"most": MOST, "life_s": LIFE_S, "posts": kept})
        return ScriptCall(keys, [layout.exemplar_text(track, ""), batch])


def _place(example: Example) -> WindowPlace | None:
    if example.source is None or example.window is None:
        return None
    return WindowPlace.of(example.source, example.window[: example.post.window_posts])
