"""Reads trends from Redis, with an event loop or without one. Never writes."""

import time
from collections.abc import Iterable
from math import ceil, isfinite

import redis
import redis.asyncio

from connectors.trends.layout import Bucket, TrendLayout, bucket_start, resolution
from connectors.trends.series import TrendSeries, assemble, counts, text
from connectors.trends.timespan import parse_range

MOST_BUCKETS = 5000  # a little over the longest life of any resolution, in its buckets


class TrendReader:
    """Reads trends on an event loop.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._layout = layout

    async def tracks(self) -> list[str]:
        """The tracks that ever had a post, by name."""
        return _names(await self._client.smembers(self._layout.tracks))

    async def trends(self, track: str, start: float, end: float, resolution: str) -> TrendSeries:
        """The buckets of a track in a range that hold at least one post.

        Args:
            track: name of the track; one that nobody counted answers an empty series.
            start: Unix seconds; the bucket that holds it is the first one.
            end: Unix seconds, exclusive: buckets that start before it are in.
            resolution: name of the resolution.

        Raises:
            ValueError: the range is empty or over 5,000 buckets, or the resolution unknown.
            redis.exceptions.RedisError: Redis did not answer.
        """
        wanted = buckets_between(start, end, resolution)
        async with self._client.pipeline(transaction=False) as pipeline:
            for bucket in wanted:
                pipeline.hgetall(self._layout.bucket(track, bucket))
            return assemble(track, ceil(end), wanted, await pipeline.execute())

    async def window(self, track: str, window: str, now: float | None = None) -> TrendSeries:
        """The last while of a track, cut by the coarsest resolution that gives 12 buckets.

        Args:
            track: name of the track.
            window: its length, as in `15m`, `1h` or `7d`.
            now: its end, Unix seconds; this machine's clock when None.

        Raises:
            ValueError: `window` is no duration, or over 5,000 days.
            redis.exceptions.RedisError: Redis did not answer.
        """
        return await self.trends(track, *_last(window, now))

    async def late_dropped(self, track: str) -> dict[str, int]:
        """Resolution -> posts of a track that came after their bucket had expired."""
        return counts(await self._client.hgetall(self._layout.late_dropped(track)))


class SyncTrendReader:
    """The same without an event loop; see `TrendReader` for arguments and errors."""

    def __init__(self, client: redis.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._layout = layout

    def tracks(self) -> list[str]:
        """The tracks that ever had a post, by name."""
        return _names(self._client.smembers(self._layout.tracks))

    def trends(self, track: str, start: float, end: float, resolution: str) -> TrendSeries:
        """The buckets of a track in a range that hold at least one post."""
        wanted = buckets_between(start, end, resolution)
        with self._client.pipeline(transaction=False) as pipeline:
            for bucket in wanted:
                pipeline.hgetall(self._layout.bucket(track, bucket))
            return assemble(track, ceil(end), wanted, pipeline.execute())

    def window(self, track: str, window: str, now: float | None = None) -> TrendSeries:
        """The last while of a track, cut by the coarsest resolution that gives 12 buckets."""
        return self.trends(track, *_last(window, now))

    def late_dropped(self, track: str) -> dict[str, int]:
        """Resolution -> posts of a track that came after their bucket had expired."""
        return counts(self._client.hgetall(self._layout.late_dropped(track)))


def buckets_between(start: float, end: float, name: str) -> list[Bucket]:
    """The buckets from the one that holds `start` to the last that starts before `end`.

    Raises:
        ValueError: there is none, or more than 5,000, or the resolution is unknown.
    """
    width = resolution(name)
    if not (start < end and isfinite(start) and isfinite(end)):
        raise ValueError(f"the range is empty: start {start:g} is not before end {end:g}")
    first = bucket_start(start, width)
    count = ceil((end - first) / width.seconds)
    if count > MOST_BUCKETS:
        raise ValueError(
            f"the range holds {count} buckets of {name} and one answer at most {MOST_BUCKETS}: "
            "take a coarser resolution or a shorter range"
        )
    return [Bucket(name, first + at * width.seconds) for at in range(count)]


def _last(window: str, now: float | None) -> tuple[float, float, str]:
    asked = parse_range(window, None, None, None, now=time.time() if now is None else now)
    return asked.start, asked.end, asked.resolution


def _names(members: Iterable[bytes | str]) -> list[str]:
    return sorted(map(text, members))
