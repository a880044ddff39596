"""How all tracks stand beside each other: read once for all who ask within half a second."""

import asyncio
import time
from typing import Final, Literal

from pydantic import BaseModel, Field

from connectors.trends.live import LiveTrends
from connectors.trends.standing import Span, Standing, span_of, standings
from connectors.trends.timespan import TimeRange

FRESH_FOR_S: Final = 0.5
Order = Literal["posts", "net", "change", "track"]


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


class Board:
    """Leaderboards of one deployment.

    Args:
        trends: where the counts are.
    """

    def __init__(self, trends: LiveTrends) -> None:
        self._trends = trends
        self._kept: dict[tuple[Span, str, Order], tuple[float, Leaderboard]] = {}
        self._reading = asyncio.Lock()

    async def read(self, asked: TimeRange, order: Order = "posts") -> Leaderboard:
        """All tracks over the buckets that a trend of the range has, beside those before it.

        Raises:
            ValueError: the range is over 2,500 buckets.
            redis.exceptions.RedisError: Redis did not answer.
        """
        span = span_of(asked, time.time())
        key = (span, asked.resolution, order)
        async with self._reading:
            now = time.monotonic()
            self._kept = {
                each: kept for each, kept in self._kept.items() if now - kept[0] < FRESH_FOR_S
            }
            if key not in self._kept:
                board = await self._read(span, asked.resolution, order)
                self._kept[key] = (time.monotonic(), board)
            return self._kept[key][1]

    async def _read(self, span: Span, name: str, order: Order) -> Leaderboard:
        counted = {
            track: await self._trends.counts(track, span.before, span.end, name)
            for track in await self._trends.tracks()
        }
        return Leaderboard(
            start=span.start,
            end=span.end,
            compared_until=span.compared_until,
            resolution=name,
            before_kept=span.before_kept,
            tracks=standings(counted, span, order),
        )
