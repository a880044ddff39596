"""Distinct counts for many readers: asked of Redis once for all who ask within some seconds.

Redis merges up to thousands of HyperLogLogs for one answer, and answers nobody else meanwhile.
"""

import asyncio
import time
from typing import Final

from connectors.trends.distinct import DistinctCounts
from connectors.trends.questions import DistinctBuckets
from connectors.trends.reader import TrendReader

FRESH_FOR_S: Final = 5.0
MOST_KEPT: Final = 1000
_Key = tuple[str, str, int, int, str, int, int]


class VoiceReads:
    """Distinct counts of one deployment.

    Args:
        reader: asks Redis.
    """

    def __init__(self, reader: TrendReader) -> None:
        self._reader = reader
        self._asked: dict[_Key, tuple[float, asyncio.Task[DistinctCounts]]] = {}

    async def read(self, track: str, start: float, end: float) -> DistinctCounts:
        """The counts of a range, at most five seconds old.

        Raises:
            ValueError: the range is empty or over 5,000 buckets.
            redis.exceptions.RedisError: Redis did not answer.
        """
        now, moment = time.time(), time.monotonic()
        key = _key(track, DistinctBuckets.between(start, end, now))
        since, reading = self._asked.get(key, (0.0, None))
        if reading is None or moment - since > FRESH_FOR_S or _failed(reading):
            reading = asyncio.create_task(self._reader.distinct(track, start, end, now))
            self._keep(key, moment, reading)
        return await asyncio.shield(reading)

    def _keep(self, key: _Key, moment: float, reading: asyncio.Task[DistinctCounts]) -> None:
        if len(self._asked) >= MOST_KEPT:
            self._asked = {
                each: kept for each, kept in self._asked.items() if moment - kept[0] < FRESH_FOR_S
            }
        self._asked[key] = moment, reading


def _key(track: str, buckets: DistinctBuckets) -> _Key:
    whole, within = buckets.whole, buckets.within
    return (
        track,
        *(whole[0].resolution, whole[0].start, whole[-1].start),
        *(within[0].resolution, within[0].start, within[-1].start),
    )


def _failed(reading: asyncio.Task[DistinctCounts]) -> bool:
    return reading.done() and (reading.cancelled() or reading.exception() is not None)
