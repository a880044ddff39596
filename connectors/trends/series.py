"""A track's trend as it is answered: counts by most probable label, shares with intervals.

The shape is the one of the HTTP route for trends. Pure; not for fetching the counts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.layout import EMOTION, MODEL, POSTS, SENTIMENT, Bucket
from connectors.trends.wilson import wilson_interval


class Share(BaseModel):
    """Share of the posts with a label, and its 95 % Wilson interval."""

    model_config = ConfigDict(frozen=True)

    share: float | None = Field(description="posts with the label / posts; null without posts")
    low: float = Field(ge=0.0, le=1.0)
    high: float = Field(ge=0.0, le=1.0)


class TrendCounts(BaseModel):
    """Counts of a bucket or of a whole series; every label is listed, with 0 where none came."""

    model_config = ConfigDict(frozen=True)

    posts: int = Field(ge=0)
    sentiment: dict[str, int]
    emotion: dict[str, int]
    sentiment_shares: dict[str, Share]
    emotion_shares: dict[str, Share]
    models: dict[str, int] = Field(description="model version -> posts that it scored")


class BucketStart(BaseModel):
    """Where a bucket stands; a base of its own so that it comes first in JSON."""

    model_config = ConfigDict(frozen=True)

    start: int = Field(description="Unix seconds; the bucket is as wide as the resolution")


class TrendBucket(TrendCounts, BucketStart):
    """Counts of one bucket."""


class TrendSeries(BaseModel):
    """Buckets of a track over a range; those that hold no post are left out."""

    model_config = ConfigDict(frozen=True)

    track: str
    resolution: str
    start: int = Field(description="start of the first bucket of the range, Unix seconds")
    end: int = Field(description="end of the range, exclusive: no bucket starts here or later")
    buckets: list[TrendBucket] = Field(description="ascending by start")
    total: TrendCounts


def assemble(
    track: str, end: int, wanted: list[Bucket], found: Iterable[Mapping[bytes | str, bytes | str]]
) -> TrendSeries:
    """The series of what Redis holds.

    Args:
        track: name of the track.
        end: end of the range, exclusive, Unix seconds.
        wanted: at least one bucket, ascending.
        found: fields of each of those, empty for one that does not exist.
    """
    buckets = []
    total: Counter[str] = Counter()
    for bucket, fields in zip(wanted, found, strict=True):
        held = counts(fields)
        if held.get(POSTS, 0) > 0:
            total.update(held)
            buckets.append(TrendBucket(start=bucket.start, **_answer(held)))
    return TrendSeries(
        track=track,
        resolution=wanted[0].resolution,
        start=wanted[0].start,
        end=end,
        buckets=buckets,
        total=TrendCounts(**_answer(total)),
    )


def counts(fields: Mapping[bytes | str, bytes | str]) -> dict[str, int]:
    """A hash of counts as a client gives it, decoding or not."""
    return {text(name): int(count) for name, count in fields.items()}


def text(value: bytes | str) -> str:
    """A name as a client gives it, decoding or not."""
    return value.decode() if isinstance(value, bytes) else value


def _answer(fields: Mapping[str, int]) -> dict[str, Any]:
    """The attributes of `TrendCounts`, made once: a series may hold thousands of them."""
    posts = fields.get(POSTS, 0)
    sentiment = {label: fields.get(SENTIMENT + label, 0) for label in SENTIMENTS}
    emotion = {label: fields.get(EMOTION + label, 0) for label in EMOTIONS}
    return {
        "posts": posts,
        "sentiment": sentiment,
        "emotion": emotion,
        "sentiment_shares": {label: _share(count, posts) for label, count in sentiment.items()},
        "emotion_shares": {label: _share(count, posts) for label, count in emotion.items()},
        "models": {
            name.removeprefix(MODEL): count
            for name, count in sorted(fields.items())
            if name.startswith(MODEL)
        },
    }


def _share(count: int, posts: int) -> Share:
    low, high = wilson_interval(count, posts)
    return Share(share=count / posts if posts else None, low=low, high=high)
