"""How all tracks stand beside each other: read once for all who ask within half a second."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from pydantic import BaseModel, Field

from connectors.gzip_parts import Part
from connectors.http.turns import Turns
from connectors.trends.live import LiveTrends
from connectors.trends.opinions import LiveOpinions
from connectors.trends.standing import Span, Standing, span_of
from connectors.trends.standings import NetChanges, Order, Standings, Volume
from connectors.trends.timespan import TimeRange

FRESH_FOR_S: Final = 0.5
MOST_AT_ONCE: Final = 4  # readings of the longest ranges hold some 100 MB each
MOST_ANSWERS: Final = 8  # kept of a reading: orders, pages, choices of tracks
PART_BYTES: Final = 64 * 1024  # deflated in some 2 ms
_Key = tuple[Span, str]


class Leaderboard(BaseModel):
    """Tracks over a window, the most first."""

    start: int = Field(description="of the window, Unix seconds; a bucket starts here")
    end: int = Field(description="end of the last bucket, which may still be filling")
    compared_until: int = Field(
        description="changes leave out what comes later: the bucket that is filling"
    )
    resolution: str
    before_kept: bool = Field(
        description="whether the window before is kept, all of it; if not, changes are null"
    )
    tracks: list[Standing]


class Reading:
    """What all tracks held at a moment; what is made of it is made once, for who asks first.

    Args:
        standings: of all tracks.
        resolution: of the buckets.
    """

    def __init__(self, standings: Standings, resolution: str) -> None:
        self._standings = standings
        self._resolution = resolution
        self._ranked: dict[Order, Sequence[str]] = {}
        self._made: dict[tuple[str, ...], list[Part]] = {}
        self._making = asyncio.Lock()

    @property
    def volumes(self) -> Mapping[str, Volume]:
        """What each track holds."""
        return self._standings.volumes

    async def ranked(self, order: Order) -> Sequence[str]:
        """All tracks, the most of `order` first."""
        if order == "change":
            turns = Turns()
            for track in self.volumes:
                self._standings.change(track)
                await turns.next()
        if order not in self._ranked:
            self._ranked[order] = self._standings.ranked(order)
        return self._ranked[order]

    async def leaderboard(self, tracks: Sequence[str], *, deflated: bool) -> list[Part]:
        """JSON of a `Leaderboard` of these tracks, in this order.

        Args:
            tracks: their names.
            deflated: whether the answer will be compressed.
        """
        turns, names = Turns(), tuple(tracks)
        async with self._making:  # one makes for all who ask meanwhile
            parts = self._made.get(names)
            if parts is None:
                parts = [part async for part in self._parts(names)]
                while len(self._made) >= MOST_ANSWERS:
                    self._made.pop(next(iter(self._made)))
                self._made[names] = parts
            for part in parts if deflated else []:
                _ = part.deflated
                await turns.next()
            return parts

    async def _parts(self, tracks: Iterable[str]) -> AsyncIterator[Part]:
        span, turns = self._standings.span, Turns()
        without = Leaderboard(
            start=span.start,
            end=span.end,
            compared_until=span.compared_until,
            resolution=self._resolution,
            before_kept=span.before_kept,
            tracks=[],
        )
        json, tail = without.model_dump_json().encode().rsplit(b"]", 1)
        separator = b""
        for track in tracks:
            json += separator + self._standings.standing(track).model_dump_json().encode()
            separator = b","
            if len(json) >= PART_BYTES:
                yield Part(json)
                json = b""
            await turns.next()
        yield Part(json + b"]" + tail)


class Board:
    """Leaderboards of one deployment.

    Args:
        trends: knows the tracks.
        opinions: where the counts are.
    """

    def __init__(self, trends: LiveTrends, opinions: LiveOpinions) -> None:
        self._trends = trends
        self._opinions = opinions
        self._changes = NetChanges()
        self._kept: dict[_Key, asyncio.Task[Reading]] = {}
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def read(self, asked: TimeRange) -> Reading:
        """All tracks over the buckets that a trend of the range has, beside those before it.

        Raises:
            ValueError: the range is over 2,500 buckets.
            redis.exceptions.RedisError: Redis did not answer.
        """
        key = span_of(asked, time.time()), asked.resolution
        reading = self._kept.get(key)
        if reading is None:
            reading = self._kept[key] = asyncio.create_task(self._read(*key))
            reading.add_done_callback(partial(self._keep, key))
        return await asyncio.shield(reading)

    def _keep(self, key: _Key, reading: asyncio.Task[Reading]) -> None:
        """Keep what was read for a while; what failed is asked for again."""
        failed = reading.cancelled() or reading.exception() is not None
        after_s = 0.0 if failed else FRESH_FOR_S
        asyncio.get_running_loop().call_later(after_s, self._kept.pop, key)

    async def _read(self, span: Span, name: str) -> Reading:
        async with self._places:
            tracks = await self._trends.tracks()
            start = span.before if span.before_kept else span.start
            counted = await self._opinions.counted(tracks, start, span.end, name)
            reading = Reading(Standings(span, counted, self._changes), name)
            await asyncio.sleep(0)  # who asked goes on with work of its own
            return reading
