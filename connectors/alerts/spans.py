"""What trends and example posts know of a track over a while. Never writes."""

import math
import time
from collections.abc import Mapping
from typing import Final

from connectors.alerts.evidence import Span
from connectors.alerts.words import Spoken
from connectors.exemplars.exemplar import Exemplar
from connectors.schemas.alert import ExamplePost
from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.trends.layout import resolution
from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendCounts

MOST_EXAMPLES: Final = 200  # more than are kept of a track


class TrendSpans:
    """Reads spans.

    Args:
        reader: of trends.
    """

    def __init__(self, reader: TrendReader) -> None:
        self._reader = reader

    async def span(
        self,
        track: str,
        start: float,
        end: float,
        label: str | None,
        *,
        texts_of_all: bool = False,
    ) -> Span:
        """What is known between two moments.

        Args:
            track: name of the track.
            start: Unix seconds; counts begin with the minute that holds it.
            end: Unix seconds, exclusive; counts end with the minute that holds it.
            label: `sentiment:negative` and the like, whose posts are counted and shown; None: all.
            texts_of_all: whether texts are those of all posts, not of the label's alone.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        kind, _, name = (label or "").partition(":")
        splits = await self._reader.splits(track, start, end)
        found = await self._reader.exemplars(track, limit=MOST_EXAMPLES)
        there = [own for own in found if start <= own.created_at < end]
        shown = [own for own in there if not label or name == _label(own, kind)]
        return Span(
            seconds=_counted_until(end, splits.resolution) - splits.start,
            posts={platform: own.posts for platform, own in splits.platforms.items()},
            hits={platform: _hits(own, kind, name) for platform, own in splits.platforms.items()}
            if label
            else {},
            modalities=_modalities(splits.platforms),
            examples=[_example(own, by_emotion=kind == "emotion") for own in shown],
            texts=[
                Spoken.by(own.text, own.author_hash, own.conversation_id, own.lang)
                for own in (there if texts_of_all else shown)
                if own.text
            ],
        )


def _counted_until(end: float, width: str) -> float:
    """Until when posts are in: the end of the bucket that holds `end`, or now within it."""
    width_s = resolution(width).seconds
    return min(math.ceil(end / width_s) * width_s, max(end, time.time()))


def _label(post: Exemplar, kind: str) -> str:
    return post.emotion.label if kind == "emotion" else post.sentiment.label


def _hits(counts: TrendCounts, kind: str, name: str) -> int:
    return (counts.emotion if kind == "emotion" else counts.sentiment)[name]


def _modalities(platforms: Mapping[str, TrendCounts]) -> dict[str, float]:
    """Mean shares over all platforms; empty without posts."""
    posts = sum(own.posts for own in platforms.values())
    if not posts:
        return {}
    return {
        name: sum((own.modalities[name] or 0.0) * own.posts for own in platforms.values()) / posts
        for name in MODALITIES
    }


def _example(post: Exemplar, *, by_emotion: bool) -> ExamplePost:
    label: str
    if by_emotion:
        label = post.emotion.label
        probability = post.emotion.probs[EMOTIONS.index(label)]
    else:
        label = post.sentiment.label
        probability = post.sentiment.probs[SENTIMENTS.index(label)]
    return ExamplePost(
        post_id=post.post_id,
        platform=post.platform,
        created_at=post.created_at,
        label=label,
        probability=probability,
    )
