"""A window of a track beside another: how its shares and its volume differ, and how sure that is.

Shares: difference with Newcombe's interval, two-sided score test, Holm's correction over the labels
of a task. Volume: ratio of posts an hour, log-normal interval. All of them on as many posts as the
windows' own dispersion leaves of them (`dispersion`), by Student's t, since that is estimated, and
of those alone that were scored, where they stand for others. Pure; not for what the classifier
confuses, which is the same in both windows as long as the model is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.dispersion import (
    joint_freedom,
    quantile,
    share_dispersion,
    two_sided,
    volume_dispersion,
)
from connectors.trends.layout import HOUR_S, bucket_start, resolution
from connectors.trends.series import TrendBucket, TrendSeries, known_count
from connectors.trends.wilson import wilson_interval

LEVEL: Final = 0.95
NORMAL: Final = 1.96  # the quantile of an infinite freedom


class ShareChange(BaseModel):
    """Share of a label in the window and in the baseline."""

    model_config = ConfigDict(frozen=True)

    share: float
    baseline: float
    difference: float = Field(description="share - baseline")
    low: float = Field(description="lower end of the 95 % interval of the difference")
    high: float
    p_value: float = Field(
        description="how often windows alike differ as much by chance, over all labels of the task"
    )
    significant: bool = Field(description="p_value under 0.05")
    dispersion: float = Field(description="variance of the share over that of independent posts")


class VolumeChange(BaseModel):
    """Posts an hour in the window and in the baseline, by the buckets that lie wholly in them."""

    model_config = ConfigDict(frozen=True)

    per_hour: float | None = Field(description="null where no bucket lies wholly in the window")
    baseline_per_hour: float | None
    ratio: float | None = Field(description="per_hour / baseline_per_hour; null without posts")
    low: float | None = Field(description="lower end of the 95 % interval of the ratio")
    high: float | None
    p_value: float | None
    significant: bool
    dispersion: float = Field(description="variance of a bucket's posts over their mean")


class Period(BaseModel):
    """A range of event time and its posts."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    posts: int


class Comparison(BaseModel):
    """A window of a track beside a baseline."""

    model_config = ConfigDict(frozen=True)

    track: str
    window: Period
    baseline: Period
    volume: VolumeChange
    sentiment: dict[str, ShareChange] | None = Field(description="null where one has no posts")
    emotion: dict[str, ShareChange] | None
    models_differ: bool = Field(description="other models scored them: a difference may be theirs")


def previous(series: TrendSeries) -> tuple[int, int]:
    """Start and end of the range of the same length that ends where a series starts."""
    width = resolution(series.resolution)
    start = bucket_start(2 * series.start - series.end, width)
    return start, series.start


def compare(window: TrendSeries, baseline: TrendSeries) -> Comparison:
    """Set a window beside a baseline.

    Args:
        window: of a track.
        baseline: of the same track and the same resolution, of any length.

    Raises:
        ValueError: the resolutions differ: finer buckets show more dispersion.
    """
    if window.resolution != baseline.resolution:
        raise ValueError(
            f"a window by {window.resolution} beside a baseline by {baseline.resolution}: "
            "read both by one resolution"
        )
    return Comparison(
        track=window.track,
        window=_period(window),
        baseline=_period(baseline),
        volume=_volume(window, baseline),
        sentiment=_shares(window, baseline, "sentiment", SENTIMENTS),
        emotion=_shares(window, baseline, "emotion", EMOTIONS),
        models_differ=set(window.total.models) != set(baseline.total.models),
    )


def difference_interval(
    share: tuple[float, float], baseline: tuple[float, float], distance: float = NORMAL
) -> tuple[float, float]:
    """Interval of the difference of two independent shares.

    Args:
        share: posts with the label and posts, more than 0; need not be whole.
        baseline: the same of the other.
        distance: quantile of the distance from 0; 1.96 is 95 % of a normal distribution.

    Source: Newcombe 1998, Statistics in Medicine 17(8), method 10: two Wilson intervals joined.
    """
    first, second = share[0] / share[1], baseline[0] / baseline[1]
    first_low, first_high = wilson_interval(*share, distance)
    second_low, second_high = wilson_interval(*baseline, distance)
    difference = first - second
    low = difference - sqrt((first - first_low) ** 2 + (second_high - second) ** 2)
    high = difference + sqrt((first_high - first) ** 2 + (second - second_low) ** 2)
    return low, high


def score_test(
    share: tuple[float, float], baseline: tuple[float, float], freedom: float = inf
) -> float:
    """Two-sided p-value of the hypothesis that two independent shares are one.

    Args:
        share: posts with the label and posts, more than 0; need not be whole.
        baseline: the same of the other.
        freedom: degrees of freedom of the dispersion that their posts were divided by.

    Source: the score test with pooled variance, Agresti 2013, Categorical Data Analysis, 3.2.
    """
    pooled = (share[0] + baseline[0]) / (share[1] + baseline[1])
    variance = pooled * (1.0 - pooled) * (1.0 / share[1] + 1.0 / baseline[1])
    if variance <= 0.0:
        return 1.0
    return two_sided((share[0] / share[1] - baseline[0] / baseline[1]) / sqrt(variance), freedom)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values corrected so that any false finding among them has their level.

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2).
    """
    corrected: dict[str, float] = {}
    reached = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - place) * p_values[name]))
        corrected[name] = reached
    return corrected


@dataclass(frozen=True, slots=True)
class _Effective:
    """Posts with a label and posts, both as far as known and over their dispersion.

    `freedom`: its degrees of freedom.
    """

    count: float
    posts: float
    freedom: float


def _shares(
    window: TrendSeries, baseline: TrendSeries, task: str, labels: Sequence[str]
) -> dict[str, ShareChange] | None:
    if not (window.total.posts and baseline.total.posts):
        return None
    found = {
        label: (_effective(window, task, label), _effective(baseline, task, label))
        for label in labels
    }
    p_values = holm(
        {
            label: score_test(
                (own.count, own.posts), (other.count, other.posts), _freedom(own, other)
            )
            for label, (own, other) in found.items()
        }
    )
    return {
        label: _change(window, baseline, pair, p_values[label]) for label, pair in found.items()
    }


def _change(
    window: TrendSeries,
    baseline: TrendSeries,
    pair: tuple[_Effective, _Effective],
    p_value: float,
) -> ShareChange:
    own, other = pair
    low, high = difference_interval(
        (own.count, own.posts), (other.count, other.posts), quantile(LEVEL, _freedom(own, other))
    )
    share, before = own.count / own.posts, other.count / other.posts
    everything = _known(window) + _known(baseline)
    return ShareChange(
        share=share,
        baseline=before,
        difference=share - before,
        low=low,
        high=high,
        p_value=p_value,
        significant=p_value < 1.0 - LEVEL,
        dispersion=everything / (own.posts + other.posts),
    )


def _effective(series: TrendSeries, task: str, label: str) -> _Effective:
    posts = [bucket.effective_posts for bucket in series.buckets]
    counts = [
        known_count(_count(bucket, task, label), bucket.posts, known)
        for bucket, known in zip(series.buckets, posts, strict=True)
    ]
    spread = share_dispersion(counts, posts)
    return _Effective(sum(counts) / spread.factor, sum(posts) / spread.factor, spread.freedom)


def _freedom(own: _Effective, other: _Effective) -> float:
    """Degrees of freedom of the variance of their difference, if both have one share."""
    return joint_freedom((1.0 / own.posts, 1.0 / other.posts), (own.freedom, other.freedom))


def _known(series: TrendSeries) -> float:
    """Posts of equal weight that tell as much as those that were scored."""
    return sum(bucket.effective_posts for bucket in series.buckets)


def _count(bucket: TrendBucket, task: str, label: str) -> int:
    return (bucket.sentiment if task == "sentiment" else bucket.emotion)[label]


def _volume(window: TrendSeries, baseline: TrendSeries) -> VolumeChange:
    buckets = [_whole_buckets(series) for series in (window, baseline)]
    own, other = (_per_hour(each, window.resolution) for each in buckets)
    spreads = [
        spread._replace(factor=max(spread.factor, _mean_weight(series)))
        for spread, series in zip(map(volume_dispersion, buckets), (window, baseline), strict=True)
    ]
    widest = max(spread.factor for spread in spreads)
    if not (own and other):
        return VolumeChange(
            per_hour=own,
            baseline_per_hour=other,
            ratio=None,
            low=None,
            high=None,
            p_value=None,
            significant=False,
            dispersion=widest,
        )
    variances = [spread.factor / sum(each) for spread, each in zip(spreads, buckets, strict=True)]
    freedom = joint_freedom(variances, [spread.freedom for spread in spreads])
    centre, error = log(own / other), sqrt(sum(variances))
    reach = quantile(LEVEL, freedom) * error
    p_value = two_sided(centre / error, freedom)
    return VolumeChange(
        per_hour=own,
        baseline_per_hour=other,
        ratio=own / other,
        low=exp(centre - reach),
        high=exp(centre + reach),
        p_value=p_value,
        significant=p_value < 1.0 - LEVEL,
        dispersion=widest,
    )


def _mean_weight(series: TrendSeries) -> float:
    """Posts that a post stands for: the variance of their sum over its mean; at least 1."""
    return series.total.posts / series.total.effective_posts if series.total.posts else 1.0


def _whole_buckets(series: TrendSeries) -> list[int]:
    """Posts of the buckets that lie wholly in the range, those without posts included."""
    width = resolution(series.resolution).seconds
    posts = {bucket.start: bucket.posts for bucket in series.buckets}
    last = series.end - width
    return [posts.get(start, 0) for start in range(series.start, last + 1, width)]


def _per_hour(buckets: Sequence[int], name: str) -> float | None:
    return sum(buckets) / (len(buckets) * resolution(name).seconds) * HOUR_S if buckets else None


def _period(series: TrendSeries) -> Period:
    return Period(start=series.start, end=series.end, posts=series.total.posts)
