"""When each post became visible in Redis: its track's fence has passed its offset.

`Visibility` is pure; `watch_fences` does the polling. Not for counts: `tally` judges those.
"""

import asyncio
import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from connectors.trends.layout import TrendLayout
from connectors.trends.series import counts

POLL_S: Final = 0.01


@dataclass(frozen=True, slots=True, order=True)
class SentPost:
    """A valid post that the broker has taken.

    Attributes:
        append_ms: the broker's clock when it did, Unix milliseconds.
        created_at: event time, Unix seconds.
    """

    offset: int
    partition: int
    track: str
    append_ms: int
    created_at: float


class Visibility:
    """Which posts are still waiting, and how long the others took."""

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self._waiting: dict[tuple[str, int], list[SentPost]] = {}

    def delivered(self, post: SentPost) -> None:
        """A post lies in Kafka."""
        heapq.heappush(self._waiting.setdefault((post.track, post.partition), []), post)

    def seen(self, track: str, fence: Mapping[int, int], now_ms: float) -> None:
        """A track's fence was read.

        Args:
            track: the track.
            fence: partition -> last offset counted in the track.
            now_ms: when it was read, Unix milliseconds.
        """
        for partition, last in fence.items():
            waiting = self._waiting.get((track, partition), [])
            while waiting and waiting[0].offset <= last:
                self.latencies_ms.append(max(0.0, now_ms - heapq.heappop(waiting).append_ms))

    def waiting(self) -> int:
        """Posts delivered and not yet visible."""
        return sum(map(len, self._waiting.values()))

    def lag(self) -> dict[int, int]:
        """Partition -> posts delivered and not yet visible."""
        found: dict[int, int] = {}
        for (_, partition), posts in self._waiting.items():
            found[partition] = found.get(partition, 0) + len(posts)
        return dict(sorted(found.items()))


async def watch_fences(
    client: redis.asyncio.Redis,
    layout: TrendLayout,
    tracks: Sequence[str],
    source: str,
    visibility: Visibility,
) -> None:
    """Read every track's fence a hundred times a second, until cancelled.

    Args:
        client: answers bytes or text.
        layout: names of the keys.
        tracks: those of the run.
        source: what fence fields of the run's source topic begin with, `<topic>@<topic_id>:`.
        visibility: told of every fence.
    """
    while True:
        async with client.pipeline(transaction=False) as pipeline:
            for track in tracks:
                pipeline.hgetall(layout.fence(track))
            fences = await pipeline.execute()
        now_ms = time.time() * 1000
        for track, held in zip(tracks, fences, strict=True):
            fence = {
                int(field.removeprefix(source)): offset
                for field, offset in counts(held).items()
                if field.startswith(source)
            }
            visibility.seen(track, fence, now_ms)
        await asyncio.sleep(POLL_S)
