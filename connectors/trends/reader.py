"""Reads trends from Redis, with an event loop or without one. Never writes."""

import time

import redis
import redis.asyncio

from connectors.exemplars.exemplar import Exemplar
from connectors.trends import questions
from connectors.trends.comparison import Comparison, compare, previous
from connectors.trends.distinct import DistinctCounts
from connectors.trends.layout import TrendLayout
from connectors.trends.questions import Answer, DistinctBuckets, Question
from connectors.trends.series import TrendSeries
from connectors.trends.splits import TrendSplits
from connectors.trends.timespan import parse_range


class TrendReader:
    """Reads trends on an event loop.

    Every method raises `redis.exceptions.RedisError` where Redis does not answer.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._layout = layout

    async def tracks(self) -> list[str]:
        """The tracks that ever had a post, by name."""
        return await self._ask(questions.of_tracks(self._layout))

    async def trends(self, track: str, start: float, end: float, resolution: str) -> TrendSeries:
        """The buckets of a track in a range that hold at least one post.

        Args:
            track: name of the track; one that nobody counted answers an empty series.
            start: Unix seconds; the bucket that holds it is the first one.
            end: Unix seconds, exclusive: buckets that start before it are in.
            resolution: name of the resolution.

        Raises:
            ValueError: the range is empty or over 5,000 buckets, or the resolution unknown.
        """
        return await self._ask(questions.of_trends(self._layout, track, start, end, resolution))

    async def window(self, track: str, window: str, now: float | None = None) -> TrendSeries:
        """The last while of a track, cut by the coarsest resolution that gives 12 buckets.

        Args:
            track: name of the track.
            window: its length, as in `15m`, `1h` or `7d`.
            now: its end, Unix seconds; this machine's clock when None.

        Raises:
            ValueError: `window` is no duration, or over 5,000 days.
        """
        return await self.trends(track, *_last(window, now))

    async def splits(
        self, track: str, start: float, end: float, now: float | None = None
    ) -> TrendSplits:
        """A track's counts over a range by platform and by language.

        Args:
            track: name of the track.
            start: Unix seconds; the bucket that holds it is the first one. It is of 1 minute for
                ranges under 12 hours of the last 6, then of 1 hour for ranges under 12 days of the
                last 30 days, else of 1 day; the answer says which.
            end: Unix seconds, exclusive: buckets that start before it are in.
            now: Unix seconds; this machine's clock when None.

        Raises:
            ValueError: the range is empty or over 5,000 buckets.
        """
        return await self._ask(
            questions.of_splits(self._layout, track, start, end, _clock(now)),
        )

    async def distinct(
        self, track: str, start: float, end: float, now: float | None = None
    ) -> DistinctCounts:
        """How many conversations and authors a track had, by platform and language too.

        Args:
            track: name of the track.
            start: as in `splits`, but minutes are kept for 2 hours and hours for 8 days, those of
                platforms and languages for 26 hours and their days for 8.
            end: Unix seconds, exclusive: buckets that start before it are in.
            now: Unix seconds; this machine's clock when None.

        Raises:
            ValueError: the range is empty or over 5,000 buckets.
        """
        layout, buckets = self._layout, DistinctBuckets.between(start, end, _clock(now))
        splits = await self._ask(questions.of_values(layout, track))
        return await self._ask(questions.of_distinct(layout, track, end, buckets, splits))

    async def compare(
        self, window: TrendSeries, baseline: tuple[float, float] | None = None
    ) -> Comparison:
        """Set a series beside another range of its track.

        Args:
            window: from `trends` or `window`.
            baseline: start and end, Unix seconds; None: the same length before it.

        Raises:
            ValueError: the range is empty or over 5,000 buckets.
        """
        start, end = baseline or previous(window)
        before = await self.trends(window.track, start, end, window.resolution)
        return compare(window, before)

    async def exemplars(
        self,
        track: str,
        *,
        sentiment: str | None = None,
        emotion: str | None = None,
        limit: int = 20,
    ) -> list[Exemplar]:
        """Example posts of a track: the newest that the model was sure of, the best first.

        At most ten are kept of each sentiment and of each emotion.

        Args:
            track: name of the track.
            sentiment: only posts of it.
            emotion: only posts of it; given alone, posts are ranked by it.
            limit: at most so many.
        """
        layout = self._layout
        found = await self._ask(questions.of_exemplars(layout, track, sentiment, emotion, limit))
        return await self._ask(questions.of_texts(layout, track, found))

    async def late_dropped(self, track: str) -> dict[str, int]:
        """Resolution -> posts of a track that came after their bucket had expired."""
        return await self._ask(questions.of_late_dropped(self._layout, track))

    async def _ask(self, question: Question[Answer]) -> Answer:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in question.commands:
                pipeline.execute_command(*command)
            return question.read(await pipeline.execute())


class SyncTrendReader:
    """The same without an event loop; see `TrendReader` for arguments and errors."""

    def __init__(self, client: redis.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._layout = layout

    def tracks(self) -> list[str]:
        """The tracks that ever had a post, by name."""
        return self._ask(questions.of_tracks(self._layout))

    def trends(self, track: str, start: float, end: float, resolution: str) -> TrendSeries:
        """The buckets of a track in a range that hold at least one post."""
        return self._ask(questions.of_trends(self._layout, track, start, end, resolution))

    def window(self, track: str, window: str, now: float | None = None) -> TrendSeries:
        """The last while of a track, cut by the coarsest resolution that gives 12 buckets."""
        return self.trends(track, *_last(window, now))

    def splits(self, track: str, start: float, end: float, now: float | None = None) -> TrendSplits:
        """A track's counts over a range by platform and by language."""
        return self._ask(questions.of_splits(self._layout, track, start, end, _clock(now)))

    def distinct(
        self, track: str, start: float, end: float, now: float | None = None
    ) -> DistinctCounts:
        """How many conversations and authors a track had over a range."""
        layout, buckets = self._layout, DistinctBuckets.between(start, end, _clock(now))
        splits = self._ask(questions.of_values(layout, track))
        return self._ask(questions.of_distinct(layout, track, end, buckets, splits))

    def compare(
        self, window: TrendSeries, baseline: tuple[float, float] | None = None
    ) -> Comparison:
        """Set a series beside another range of its track."""
        start, end = baseline or previous(window)
        return compare(window, self.trends(window.track, start, end, window.resolution))

    def exemplars(
        self,
        track: str,
        *,
        sentiment: str | None = None,
        emotion: str | None = None,
        limit: int = 20,
    ) -> list[Exemplar]:
        """Example posts of a track: the newest that the model was sure of, the best first."""
        layout = self._layout
        found = self._ask(questions.of_exemplars(layout, track, sentiment, emotion, limit))
        return self._ask(questions.of_texts(layout, track, found))

    def late_dropped(self, track: str) -> dict[str, int]:
        """Resolution -> posts of a track that came after their bucket had expired."""
        return self._ask(questions.of_late_dropped(self._layout, track))

    def _ask(self, question: Question[Answer]) -> Answer:
        with self._client.pipeline(transaction=False) as pipeline:
            for command in question.commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
            return question.read(pipeline.execute())


def _last(window: str, now: float | None) -> tuple[float, float, str]:
    asked = parse_range(window, None, None, None, now=_clock(now))
    return asked.start, asked.end, asked.resolution


def _clock(now: float | None) -> float:
    return time.time() if now is None else now
