"""What is asked of Redis about trends: commands, and what their answers mean. Pure.

Both readers ask the same, one with an event loop and one without. Not for asking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from operator import attrgetter
from typing import Any, Generic, TypeVar

from connectors.exemplars.exemplar import Exemplar, best
from connectors.trends.counting import MOST_VALUES, OTHER, Split
from connectors.trends.distinct import DistinctCounts, assemble_distinct
from connectors.trends.layout import (
    AUTHORS,
    CONVERSATIONS,
    SHED,
    Bucket,
    TrendLayout,
    bucket_start,
    resolution,
)
from connectors.trends.series import TrendSeries, assemble, counts, text
from connectors.trends.splits import TrendSplits, assemble_splits
from connectors.trends.timespan import kept_resolution

MOST_BUCKETS = 5000  # a little over the longest life of any resolution, in its buckets
BEYOND_COUNTING = 10**9  # a message names no number of hundreds of digits
Answer = TypeVar("Answer")
Command = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """Commands for one round trip.

    Attributes:
        commands: each the name of a Redis command and its arguments.
        read: makes the answer of theirs.
    """

    commands: Sequence[Command]
    read: Callable[[list[Any]], Answer]


def of_tracks(layout: TrendLayout) -> Question[list[str]]:
    """The tracks that ever had a post, by name."""
    return Question([("SMEMBERS", layout.tracks)], lambda answers: sorted(map(text, answers[0])))


def of_trends(
    layout: TrendLayout, track: str, start: float, end: float, resolution: str
) -> Question[TrendSeries]:
    """The series of a track.

    Raises:
        ValueError: as `buckets_between`.
    """
    wanted = buckets_between(start, end, resolution)
    commands: list[Command] = [("HGETALL", layout.bucket(track, bucket)) for bucket in wanted]
    return Question(commands, lambda found: assemble(track, ceil(end), wanted, found))


def of_late_dropped(layout: TrendLayout, track: str) -> Question[dict[str, int]]:
    """Resolution -> posts of a track that came too late."""
    return Question([("HGETALL", layout.late_dropped(track))], lambda answers: counts(answers[0]))


def of_splits(
    layout: TrendLayout, track: str, start: float, end: float, now: float
) -> Question[TrendSplits]:
    """Counts by platform and language.

    Raises:
        ValueError: as `buckets_between`.
    """
    width = kept_resolution(start, end, now, attrgetter("splits_expire_at"))
    wanted = buckets_between(start, end, width)
    commands: list[Command] = [("HGETALL", layout.splits(track, bucket)) for bucket in wanted]
    return Question(commands, lambda found: assemble_splits(track, ceil(end), wanted, found))


def of_values(layout: TrendLayout, track: str) -> Question[list[Split]]:
    """The platforms and languages that a track tells apart, and `other` of each."""

    def read(found: list[Any]) -> list[Split]:
        return [
            (dimension, value)
            for dimension, values in zip(MOST_VALUES, found, strict=True)
            for value in sorted({*map(text, values), OTHER})
        ]

    return Question([("SMEMBERS", layout.values(track, each)) for each in MOST_VALUES], read)


@dataclass(frozen=True, slots=True)
class DistinctBuckets:
    """The buckets whose distinct counts are merged over a range.

    Attributes:
        whole: of counts of all posts.
        within: of those by platform and language.
    """

    whole: Sequence[Bucket]
    within: Sequence[Bucket]

    @classmethod
    def between(cls, start: float, end: float, now: float) -> "DistinctBuckets":
        """Those of a range, by what is kept now.

        Raises:
            ValueError: as `buckets_between`.
        """

        def kept(expires_at: str) -> list[Bucket]:
            width = kept_resolution(start, end, now, attrgetter(expires_at))
            return buckets_between(start, end, width)

        return cls(kept("distinct_expire_at"), kept("distinct_splits_expire_at"))


def of_distinct(
    layout: TrendLayout, track: str, end: float, buckets: DistinctBuckets, splits: Sequence[Split]
) -> Question[DistinctCounts]:
    """Distinct conversations and authors, merged over the buckets.

    Args:
        layout: names of the keys.
        track: name of the track.
        end: of the range, exclusive, Unix seconds.
        buckets: of the range.
        splits: from `of_values`.
    """
    parts: list[Split | None] = [None, *splits]
    commands: list[Command] = [
        ("PFCOUNT", *(layout.distinct(track, bucket, kind, split) for bucket in wanted))
        for split in parts
        for wanted in [buckets.whole if split is None else buckets.within]
        for kind in (CONVERSATIONS, AUTHORS)
    ]
    shed: list[Command] = [("HGET", layout.bucket(track, bucket), SHED) for bucket in buckets.whole]

    def read(found: list[Any]) -> DistinctCounts:
        estimates, were_shed = found[: len(commands)], found[len(commands) :]
        pairs = zip(estimates[::2], estimates[1::2], strict=True)
        return assemble_distinct(
            track,
            ceil(end),
            buckets.whole,
            buckets.within,
            dict(zip(parts, pairs, strict=True)),
            sampled=any(own is not None for own in were_shed),
        )

    return Question(commands + shed, read)


def of_exemplars(
    layout: TrendLayout, track: str, sentiment: str | None, emotion: str | None, limit: int
) -> Question[list[Exemplar]]:
    """Example posts, still without their texts."""
    commands: list[Command] = [("HGETALL", layout.exemplars(track))]
    return Question(commands, lambda found: best(found[0].values(), sentiment, emotion)[:limit])


def of_texts(
    layout: TrendLayout, track: str, exemplars: Sequence[Exemplar]
) -> Question[list[Exemplar]]:
    """The same example posts with the texts that are kept."""

    def read(found: list[Any]) -> list[Exemplar]:
        return [
            own.model_copy(update={"text": None if words is None else text(words)})
            for own, words in zip(exemplars, found, strict=True)
        ]

    return Question([("GET", layout.exemplar_text(track, own.post_id)) for own in exemplars], read)


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
        held = count if count < BEYOND_COUNTING else f"over {BEYOND_COUNTING}"
        raise ValueError(
            f"the range holds {held} buckets of {name} and one answer at most {MOST_BUCKETS}: "
            "take a coarser resolution or a shorter range"
        )
    return [Bucket(name, first + at * width.seconds) for at in range(count)]
