"""A track's counts by platform and by language, as they are answered. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from connectors.trends.counting import LANGUAGE, MEASURES, PLATFORM
from connectors.trends.layout import Bucket
from connectors.trends.series import TrendCounts, split_counts, trend_counts


class TrendSplits(BaseModel):
    """Counts of a track over a range within each platform and each language.

    Each is ordered by posts, most first. What a track no longer tells apart is `other`, a post
    without a language `und`. Which model scored is not told apart.
    """

    model_config = ConfigDict(frozen=True)

    track: str
    resolution: str
    start: int = Field(description="start of the first bucket that is in, Unix seconds")
    end: int = Field(description="end of the range, exclusive: no bucket starts here or later")
    platforms: dict[str, TrendCounts]
    languages: dict[str, TrendCounts]


def assemble_splits(
    track: str, end: int, wanted: list[Bucket], found: Iterable[Mapping[bytes | str, bytes | str]]
) -> TrendSplits:
    """The splits of what Redis holds; arguments as `series.assemble`."""
    totals: dict[str, dict[str, Counter[str]]] = {PLATFORM: {}, LANGUAGE: {}}
    for fields in found:
        for (dimension, value), figures in split_counts(fields).items():
            total = totals[dimension].setdefault(value, Counter())
            total.update(dict(zip(MEASURES, figures, strict=True)))
    return TrendSplits(
        track=track,
        resolution=wanted[0].resolution,
        start=wanted[0].start,
        end=end,
        platforms=_ordered(totals[PLATFORM]),
        languages=_ordered(totals[LANGUAGE]),
    )


def _ordered(totals: Mapping[str, Counter[str]]) -> dict[str, TrendCounts]:
    counted = {value: trend_counts(fields) for value, fields in totals.items()}
    return dict(sorted(counted.items(), key=lambda own: (-own[1].posts, own[0])))
