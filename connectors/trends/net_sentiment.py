"""Net sentiment, its interval, and that of its change between two windows. Pure.

Net sentiment is the share of positive less the share of negative posts. Not for shares of single
labels: `comparison` judges those.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

from connectors.trends.dispersion import (
    UNKNOWN,
    Dispersion,
    dispersion,
    joint_freedom,
    quantile,
)
from connectors.trends.wilson import wilson_interval

Opinion = tuple[int, int, int]  # negative, positive and all posts of a bucket


class NetChange(NamedTuple):
    """A change of net sentiment and its 95 % interval, which may pass 1 and -1."""

    change: float
    low: float
    high: float


LEVEL: Final = 0.95
NORMAL: Final = 1.96  # what Wilson's intervals use
_NOTHING_KNOWN: Final = (-1.0, 1.0)


def net_of(negative: float, positive: float, posts: float) -> float | None:
    """The share of positive less the share of negative posts; None without posts."""
    return (positive - negative) / posts if posts else None


def net_interval(negative: float, positive: float, posts: float) -> tuple[float, float]:
    """95 % interval of net sentiment.

    Args:
        negative: posts with that label; need not be whole.
        positive: posts with that label.
        posts: all posts; 0 gives (-1.0, 1.0), since nothing is known.

    Returns:
        Lower and upper end, within [-1, 1].

    Source: two Wilson intervals joined with the correlation that two shares of one whole have,
    Newcombe 1998, Statistics in Medicine 17(22), method 10, and Tang et al. 2010 for multinomials.
    """
    if posts == 0:
        return _NOTHING_KNOWN
    up, down = positive / posts, negative / posts
    up_low, up_high = wilson_interval(positive, posts)
    down_low, down_high = wilson_interval(negative, posts)
    spread = (1.0 - up) * (1.0 - down)
    together = -sqrt(up * down / spread) if spread > 0.0 else 0.0
    low = _joined(up - up_low, down_high - down, together)
    high = _joined(up_high - up, down - down_low, together)
    return max(-1.0, up - down - low), min(1.0, up - down + high)


def net_dispersion(buckets: Sequence[Opinion]) -> Dispersion:
    """How many times the variance of net sentiment is that of independent posts.

    Args:
        buckets: of one window in order of time, at least one, each with at least one post.

    Source: `dispersion.dispersion`, for a score of -1, 0 or 1.
    """
    negative, positive, posts = _summed(buckets)
    net = (positive - negative) / posts
    variance = (positive + negative) / posts - net * net
    if variance <= 0.0:
        return UNKNOWN
    off = [(up - down) - own * net for down, up, own in buckets]
    return dispersion(off, [own * variance for _, _, own in buckets])


def net_change(
    window: Sequence[Opinion],
    before: Sequence[Opinion],
    least_spread: tuple[float, float] = (1.0, 1.0),
) -> NetChange | None:
    """How far net sentiment moved from one window to another.

    Both count as many posts as their own dispersion leaves of them: posts of one thread or campaign
    resemble each other, and a mood moves within a window too. Since few waves tell that dispersion,
    the interval is as much wider as Student's t is than a normal distribution.

    Args:
        window: buckets with at least one post each, in order of time.
        before: the same of the window before.
        least_spread: posts by those of equal weight that tell as much, of each window: above 1
            where conversations were shed.

    Returns:
        None where one has no posts.

    Source: two intervals joined by the squares of their halves, Zou & Donner 2008, Statistics in
        Medicine 27(10).
    """
    if not window or not before:
        return None
    spreads = [
        own._replace(factor=max(least, own.factor))
        for own, least in zip(map(net_dispersion, (window, before)), least_spread, strict=True)
    ]
    variances = [
        own.factor / _summed(buckets)[2]
        for own, buckets in zip(spreads, (window, before), strict=True)
    ]
    freedom = joint_freedom(variances, [own.freedom for own in spreads])
    wider = (quantile(LEVEL, freedom) / NORMAL) ** 2
    (now, now_low, now_high), (then, then_low, then_high) = (
        _careful(buckets, own.factor * wider)
        for own, buckets in zip(spreads, (window, before), strict=True)
    )
    return NetChange(
        now - then,
        now - then - sqrt((now - now_low) ** 2 + (then_high - then) ** 2),
        now - then + sqrt((now_high - now) ** 2 + (then - then_low) ** 2),
    )


def _careful(buckets: Sequence[Opinion], spread: float) -> tuple[float, float, float]:
    """Net sentiment and its interval by as many posts as dispersion leaves."""
    negative, positive, posts = (each / spread for each in _summed(buckets))
    return ((positive - negative) / posts, *net_interval(negative, positive, posts))


def _summed(buckets: Sequence[Opinion]) -> Opinion:
    return (
        sum(negative for negative, _, _ in buckets),
        sum(positive for _, positive, _ in buckets),
        sum(posts for _, _, posts in buckets),
    )


def _joined(first: float, second: float, together: float) -> float:
    return sqrt(max(0.0, first * first + second * second - 2.0 * together * first * second))
