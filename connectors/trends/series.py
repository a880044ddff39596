"""A track's trend as it is answered: counts by most probable label, shares with intervals.

The shape is the one of the HTTP route for trends. Pure; not for fetching the counts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.trends.counting import MEASURES, MILLION, TURNS, Split
from connectors.trends.layout import (
    AFTER,
    EMOTION,
    EMOTION_SUM,
    MODALITY_SUM,
    MODEL,
    POSTS,
    SENTIMENT,
    SENTIMENT_SUM,
    SHED,
    SHED_SQUARES,
    TURN,
    Bucket,
)
from connectors.trends.wilson import wilson_interval


class Share(BaseModel):
    """Share of the posts with a label, and its 95 % Wilson interval.

    Where conversations were sampled the interval is that of `effective_posts`.
    """

    model_config = ConfigDict(frozen=True)

    share: float | None = Field(description="posts with the label / posts; null without posts")
    low: float = Field(ge=0.0, le=1.0)
    high: float = Field(ge=0.0, le=1.0)


_FIGURES = msgspec.msgpack.Decoder(list[int])
Means = dict[str, float | None]


class TrendCounts(BaseModel):
    """Counts of a bucket or of a whole series; every label is listed, with 0 where none came.

    A mean is null where there are no posts.
    """

    model_config = ConfigDict(frozen=True)

    posts: int = Field(ge=0, description="estimated where `sampled`")
    sampled: bool = Field(
        description="whether some of the conversations were shed: then all counts are estimates, "
        "for which those that were scored stand"
    )
    scored_posts: int = Field(ge=0, description="posts that the model saw")
    effective_posts: float = Field(
        ge=0.0, description="equally weighted posts that tell as much as those that were scored"
    )
    sentiment: dict[str, int]
    emotion: dict[str, int]
    net: float | None = Field(
        description="share of positive less share of negative posts; null without posts"
    )
    sentiment_shares: dict[str, Share]
    emotion_shares: dict[str, Share]
    sentiment_means: Means = Field(description="mean probability of each sentiment")
    emotion_means: Means = Field(description="mean probability of each emotion")
    modalities: Means = Field(description="mean share of each modality in the score of a post")
    after: dict[str, int] = Field(
        description="posts by the sentiment of the post before in their conversation"
    )
    turns: dict[str, int] = Field(
        description="posts that turn their conversation from positive to negative, or back, by "
        "what it turns to"
    )
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
        total=trend_counts(total),
    )


def counts(fields: Mapping[bytes | str, bytes | str]) -> dict[str, int]:
    """A hash of counts as a client gives it, decoding or not."""
    return {text(name): int(count) for name, count in fields.items()}


def text(value: bytes | str) -> str:
    """A name as a client gives it, decoding or not."""
    return value.decode() if isinstance(value, bytes) else value


def split_counts(fields: Mapping[bytes | str, bytes | str]) -> dict[Split, list[int]]:
    """A hash of counts by platform and language: each in the order of `MEASURES`.

    A value is shorter where nothing was shed.

    Raises:
        TypeError: the client decodes its answers: these are no text.
    """
    splits = {}
    for name, figures in fields.items():
        dimension, _, value = text(name).partition(":")
        if isinstance(figures, str):
            raise TypeError(f"counts of {dimension} {value} are no text: use a client of bytes")
        found = _FIGURES.decode(figures)
        splits[dimension, value] = found + [0] * (len(MEASURES) - len(found))
    return splits


def trend_counts(fields: Mapping[str, int]) -> TrendCounts:
    """What is answered of counts by name."""
    return TrendCounts(**_answer(fields))


def effective_posts(fields: Mapping[str, int]) -> float:
    """Posts of equal weight that would tell as much as those that were scored.

    Source: Kish 1965, Survey Sampling, 11.2: (sum of weights)^2 / sum of their squares.
    """
    posts, squares = fields.get(POSTS, 0), fields.get(SHED_SQUARES, 0)
    return posts * posts / (posts + squares) if squares else float(posts)


def known_count(count: int, posts: int, effective: float) -> float:
    """Posts with a label among `effective_posts`; the count itself where nothing was shed."""
    return float(count) if effective == posts else effective * (count / posts)


def _answer(fields: Mapping[str, int]) -> dict[str, Any]:
    """The attributes of `TrendCounts`, made once: a series may hold thousands of them."""
    posts, shed = fields.get(POSTS, 0), fields.get(SHED, 0)
    effective = effective_posts(fields)
    sentiment = {label: fields.get(SENTIMENT + label, 0) for label in SENTIMENTS}
    emotion = {label: fields.get(EMOTION + label, 0) for label in EMOTIONS}
    return {
        "posts": posts,
        "sampled": shed > 0,
        "scored_posts": posts - shed,
        "effective_posts": effective,
        "sentiment": sentiment,
        "emotion": emotion,
        "net": (sentiment["positive"] - sentiment["negative"]) / posts if posts else None,
        "sentiment_shares": {
            label: _share(count, posts, effective) for label, count in sentiment.items()
        },
        "emotion_shares": {
            label: _share(count, posts, effective) for label, count in emotion.items()
        },
        "sentiment_means": _means(fields, SENTIMENT_SUM, SENTIMENTS, posts),
        "emotion_means": _means(fields, EMOTION_SUM, EMOTIONS, posts),
        "modalities": _means(fields, MODALITY_SUM, MODALITIES, posts),
        "after": {label: fields.get(AFTER + label, 0) for label in SENTIMENTS},
        "turns": {label: fields.get(TURN + label, 0) for label in TURNS.values()},
        "models": {
            name.removeprefix(MODEL): count
            for name, count in sorted(fields.items())
            if name.startswith(MODEL)
        },
    }


def _means(fields: Mapping[str, int], prefix: str, labels: Sequence[str], posts: int) -> Means:
    """Sums of millionths as means."""
    if not posts:
        return dict.fromkeys(labels)
    return {label: round(fields.get(prefix + label, 0) / (MILLION * posts), 6) for label in labels}


def _share(count: int, posts: int, effective: float) -> Share:
    low, high = wilson_interval(known_count(count, posts, effective), effective)
    return Share(share=count / posts if posts else None, low=low, high=high)
