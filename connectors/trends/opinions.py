"""Posts and sentiment of many tracks by bucket, in memory, read again where they changed.

For what sets all tracks beside each other. Not for all that is counted of one track: that is
`live`.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import redis.asyncio

from connectors.redis_hashes import hash_fields
from connectors.trends.layout import PAGE, TrendLayout
from connectors.trends.opinion_pages import FIELDS, Counted, Integers, OpinionPages, integers
from connectors.trends.questions import buckets_between

MOST_BYTES: Final = 64 * 1024 * 1024
OWN_BYTES: Final = 1000  # of a track beside its counts
AT_ONCE: Final = 1000  # hashes a round trip: a few ms of the event loop
IN_USE_S: Final = 20.0  # since it was asked for: dashboards ask every 5 s, Prometheus every 15


@dataclass(frozen=True, slots=True)
class _Range:
    """Buckets from one to another, by their starts."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at a track, begun."""

    track: str
    own: OpinionPages
    buckets: Sequence[int]
    pages: Sequence[int]


class _Kept(NamedTuple):
    """What is in memory of a track, and when it was asked for by the monotonic clock."""

    own: OpinionPages
    asked_at: float


class LiveOpinions:
    """Opinions in any number of tracks, as Redis has them when they are asked for.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
        most_bytes: memory for counts. Those that nobody asked for of late leave first; where all
            are in use, the newest do. Asked for in turn, those unused for longest would leave just
            before they are asked for again, and none would ever be found.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: TrendLayout, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._client = client
        self._layout = layout
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._reading = asyncio.Lock()

    async def counted(
        self, tracks: Iterable[str], start: float, end: float, name: str
    ) -> dict[str, Counted]:
        """The buckets of each track that `TrendReader.trends` answers of the same range.

        Other tasks take their turns meanwhile, who asks here too.

        Args:
            tracks: their names.
            start: Unix seconds; the bucket that holds it is the first one.
            end: Unix seconds, exclusive: buckets that start before it are in.
            name: of the resolution.

        Raises:
            ValueError: the range is empty or over 5,000 buckets, or the resolution unknown.
            redis.exceptions.RedisError: Redis did not answer.
        """
        wanted = buckets_between(start, end, name)
        kept = [bucket.start for bucket in wanted if bucket.expires_at > time.time()]
        left = deque(tracks)
        if not kept:
            return dict.fromkeys(left, OpinionPages(name).between(0, 0))
        found: dict[str, Counted] = {}
        while left:
            async with self._reading:
                await self._read_some(left, _Range(name, kept[0], kept[-1]), found)
            await asyncio.sleep(0)
        return found

    async def _read_some(self, left: deque[str], asked: _Range, found: dict[str, Counted]) -> None:
        """Take tracks from the left as long as one round trip holds what must be read of them."""
        looks: list[_Look] = []
        keys: list[str] = []
        while left and len(keys) < AT_ONCE:
            look = self._begin(left.popleft(), asked)
            looks.append(look)
            keys += self._layout.buckets(look.track, asked.name, look.buckets)
            keys += self._layout.buckets(look.track, PAGE[asked.name], look.pages)
        counts, at = await self._read(keys), 0
        unread: list[tuple[_Look, list[int]]] = []
        for look in looks:
            middle, end = at + len(look.buckets), at + len(look.buckets) + len(look.pages)
            rest = look.own.check(look.buckets, look.pages, counts[at:middle], counts[middle:end])
            if rest:
                unread.append((look, rest))
            at = end
        await self._fill(unread, asked.name)
        self._shrink()
        for look in looks:
            found[look.track] = look.own.between(asked.first, asked.last)

    async def _fill(self, unread: Sequence[tuple[_Look, list[int]]], name: str) -> None:
        keys = [
            key for look, rest in unread for key in self._layout.buckets(look.track, name, rest)
        ]
        counts, at = await self._read(keys), 0
        for look, rest in unread:
            look.own.fill(rest, counts[at : at + len(rest)])
            at += len(rest)

    def _begin(self, track: str, asked: _Range) -> _Look:
        before = self._kept.pop((track, asked.name), None)
        own = before.own if before else OpinionPages(asked.name)
        size = own.nbytes
        buckets, pages = own.wanted(asked.first, asked.last)
        if pages:  # else nothing tells whether it is still so
            self._kept[track, asked.name] = _Kept(own, time.monotonic())
            self._bytes += own.nbytes - size + (0 if before else OWN_BYTES)
        return _Look(track, own, buckets, pages)

    async def _read(self, keys: Sequence[str]) -> Integers:
        """Counts of buckets, [keys, 6]."""
        found = []
        for first in range(0, len(keys), AT_ONCE):
            part = keys[first : first + AT_ONCE]
            found.append(integers(await hash_fields(self._client, part, FIELDS)))
            await asyncio.sleep(0)
        return np.concatenate(found or [integers([])])

    def _shrink(self) -> None:
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._kept.values()))
            in_use = time.monotonic() - oldest.asked_at < IN_USE_S
            _, left = self._kept.popitem(last=in_use)
            self._bytes -= left.own.nbytes + OWN_BYTES
