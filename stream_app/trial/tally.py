"""The judgement at the end: what Redis counted beside what was sent, bucket by bucket.

Independent of the worker and of `voxpop verify`: it knows only what the player sent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.trends.layout import RESOLUTIONS, Bucket, Resolution, bucket_start, resolution
from connectors.trends.reader import TrendReader
from stream_app.trial.latency import SentPost

FINEST_FOR: Final = ((4 * 3600, "10s"), (40 * 3600, "1m"), (80 * 86400, "1h"))
Counts = Mapping[tuple[str, Bucket], int]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the valid posts.

    Attributes:
        counted: posts that Redis counts.
        lost: posts missing from the bucket that they belong to.
        double_counted: posts that a bucket has too many.
    """

    counted: int
    lost: int
    double_counted: int


class SentCounts:
    """Valid posts sent, by track and bucket, in every resolution."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Bucket]] = Counter()

    def add(self, post: SentPost) -> None:
        """Count one post in its track and its buckets."""
        for width in RESOLUTIONS:
            start = bucket_start(post.created_at, width)
            self._counts[post.track, Bucket(width.name, start)] += 1

    def at(self, width: Resolution) -> Counts:
        """The buckets of one resolution."""
        return {
            place: count
            for place, count in self._counts.items()
            if place[1].resolution == width.name
        }


def suited_width(span_s: float) -> Resolution:
    """The finest resolution whose buckets all still live at the end of a run of `span_s`."""
    for longest_s, name in FINEST_FOR:
        if span_s < longest_s:
            return resolution(name)
    return resolution("1d")


def judge(sent: Counts, found: Counts) -> Judgement:
    """Compare what was sent with what was found; a loss in one bucket hides no excess in another.

    Args:
        sent: valid posts by track and bucket.
        found: counts of Redis by track and bucket.
    """
    lost = double_counted = 0
    for place in sent.keys() | found.keys():
        difference = found.get(place, 0) - sent.get(place, 0)
        double_counted += max(difference, 0)
        lost += max(-difference, 0)
    return Judgement(sum(found.values()), lost, double_counted)


async def read_counts(
    reader: TrendReader, tracks: Sequence[str], start: float, end: float, width: Resolution
) -> Counts:
    """What Redis counts between two moments of event time, Unix seconds, by track and bucket."""
    found: dict[tuple[str, Bucket], int] = {}
    for track in tracks:
        series = await reader.trends(track, start, end, width.name)
        for bucket in series.buckets:
            found[track, Bucket(width.name, bucket.start)] = bucket.posts
    return found
