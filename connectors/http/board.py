"""How all tracks stand beside each other: read once for all who ask within half a second."""

import asyncio
import time
from typing import Final, Literal

from pydantic import BaseModel, Field

from connectors.trends.layout import resolution
from connectors.trends.live import LiveTrends
from connectors.trends.standing import Standing, standings
from connectors.trends.timespan import TimeRange

FRESH_FOR_S: Final = 0.5
Order = Literal["posts", "net", "change", "track"]


class Leaderboard(BaseModel):
    """Tracks over a window, the most first."""

    start: int = Field(description="of the window, Unix seconds; a bucket starts here")
    end: int = Field(description="end of the bucket that is filling")
    resolution: str
    tracks: list[Standing]


class Board:
    """Leaderboards of one deployment.

    Args:
        trends: where the counts are.
    """

    def __init__(self, trends: LiveTrends) -> None:
        self._trends = trends
        self._kept: dict[tuple[int, int, str, Order], tuple[float, Leaderboard]] = {}
        self._reading = asyncio.Lock()

    async def read(self, asked: TimeRange, order: Order = "posts") -> Leaderboard:
        """All tracks over a range, to whole buckets, beside the range as long before it.

        Raises:
            ValueError: the range is over 2,500 buckets.
            redis.exceptions.RedisError: Redis did not answer.
        """
        width = resolution(asked.resolution).seconds
        end = (int(asked.end) // width + 1) * width  # with the bucket that is filling
        start = end - max(1, round((asked.end - asked.start) / width)) * width
        key = (start, end, asked.resolution, order)
        async with self._reading:
            now = time.monotonic()
            self._kept = {
                each: kept for each, kept in self._kept.items() if now - kept[0] < FRESH_FOR_S
            }
            if key not in self._kept:
                board = await self._read(start, end, asked.resolution, order)
                self._kept[key] = (time.monotonic(), board)
            return self._kept[key][1]

    async def _read(self, start: int, end: int, name: str, order: Order) -> Leaderboard:
        now, before = {}, {}
        for track in await self._trends.tracks():
            counted = await self._trends.counts(track, 2 * start - end, end, name)
            now[track] = [each for each in counted if each[0] >= start]
            before[track] = [each for each in counted if each[0] < start]
        return Leaderboard(
            start=start, end=end, resolution=name, tracks=standings(now, before, order)
        )
