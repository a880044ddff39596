"""How many posts are usual at an hour of the week: a robust fit for many tracks at once. Pure.

Not for the present level of a track: `baseline` puts that on top.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.trends.layout import DAY_S, HOUR_S

Array = NDArray[np.float64]

OUTLYING: Final = 2.58  # standard deviations past which a block counts for less (Noufaily 2013)
ROUNDS: Final = 3
PASSES: Final = 4
# how far hours are believed to differ from each other, weekends from weekdays, and days of the
# week from each other, before any block is seen: variances of the logarithm
HOURS_DIFFER: Final = 0.64
WEEKENDS_DIFFER: Final = 0.25
DAYS_DIFFER: Final = 0.02
FIRST_NOISE: Final = 0.2
FIRST_MONDAY_S: Final = 4 * DAY_S
HOURS: Final = 24
DAYS: Final = 7
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Season:
    """Usual posts of a block.

    Attributes:
        profile: [T, 2 * 24], posts of a block at an hour of a weekday, then of a weekend.
        days: [T, 7], factor of the day of the week, Monday first.
        noise: [T], variance of a block's rate over its square; sampling of posts is apart.
        error: [T, 2 * 24], variance of the profile over its square.
    """

    profile: Array
    days: Array
    noise: Array
    error: Array

    def expected(self, starts: NDArray[np.int64]) -> Array:
        """Usual posts of the blocks that begin at these Unix seconds, [T, n]."""
        groups, days = _calendar(starts)
        return self.profile[:, groups] * self.days[:, days]

    def expected_error(self, starts: NDArray[np.int64]) -> Array:
        """Variance of that expectation over its square, [T, n]."""
        return self.error[:, _calendar(starts)[0]]


def fit_season(posts: Array, known: Array, starts: NDArray[np.int64], *, hourly: bool) -> Season:
    """Fit hour of the day, weekend or not, times day of the week.

    The maximum of a Poisson likelihood with these factors, found by fitting margins in turn, each
    drawn to a plainer model by as much as blocks are noisy; blocks far outside count for less, so
    that past bursts do not become the rule.

    Args:
        posts: [T, B], posts by block.
        known: [T, B], 0 for blocks before a track began and the one within which it did, else 1.
        starts: [B], where blocks begin, Unix seconds.
        hourly: whether blocks are hours; others have no season.

    Source: Noufaily et al. 2013, Statistics in Medicine 32(7), for weights and overdispersion in
        surveillance of counts; iterative proportional fitting, Deming & Stephan
        1940; weights of what is believed, Bühlmann 1967.
    """
    groups, days = _calendar(starts) if hourly else (np.zeros_like(starts), np.zeros_like(starts))
    in_group = np.eye(2 * HOURS)[groups]  # [B, 48]
    in_day = np.eye(DAYS)[days]  # [B, 7]
    weights = known.copy()
    noise = np.full(len(posts), FIRST_NOISE)
    for _ in range(ROUNDS):
        profile, factors = _margins(posts, weights, noise, in_group, in_day, days)
        usual = profile[:, groups] * factors[:, days]  # [T, B]
        noise = overdispersion(posts, usual, weights)
        outlying = np.abs(posts - usual) / np.sqrt(usual + noise[:, None] * usual**2 + 1e-9)
        weights = known * np.minimum(1.0, (OUTLYING / np.maximum(outlying, 1e-9)) ** 2)
    seen = weights @ in_group + 1.0
    error = (noise[:, None] + 1.0 / np.maximum(profile, 1e-2)) / seen
    if not hourly:
        profile, error = (np.repeat(kept[:, :1], 2 * HOURS, axis=1) for kept in (profile, error))
        factors = np.ones_like(factors)
    return Season(profile, factors, noise, error)


def overdispersion(counts: Array, expected: Array, weights: Array) -> Array:
    """Variance of the rate over its square, from how far counts lie from what was expected.

    Args:
        counts: [T, n].
        expected: [T, n].
        weights: [T, n], how far each is believed.

    Returns:
        [T], 0 where counts vary no more than Poisson's do: Var = mean + noise * mean².
    """
    excess = (weights * ((counts - expected) ** 2 - expected)).sum(axis=1)
    scale = (weights * expected**2).sum(axis=1)
    return np.asarray(np.clip(excess / np.maximum(scale, 1e-9), 0.0, 4.0))


def _margins(
    posts: Array,
    weights: Array,
    noise: Array,
    in_group: Array,
    in_day: Array,
    days: NDArray[np.int64],
) -> tuple[Array, Array]:
    """Profile [T, 48] and factors of days [T, 7]."""
    counted = weights * posts
    by_group, by_day = counted @ in_group, counted @ in_day
    factors = np.ones((len(posts), DAYS))
    mean = counted.sum(axis=1, keepdims=True) / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    variance = noise[:, None] + 1.0 / np.maximum(mean, 1e-2)  # of a block over its square
    profile = np.repeat(mean, 2 * HOURS, axis=1)
    for _ in range(PASSES):
        exposed = (weights * factors[:, days]) @ in_group  # [T, 48]
        believed = variance / HOURS_DIFFER  # in blocks
        flat = (_halves(by_group) + believed * mean) / (_halves(exposed) + believed)  # [T, 24]
        flat = np.concatenate([flat, flat], axis=1)
        believed = variance / WEEKENDS_DIFFER
        profile = (by_group + believed * flat) / (exposed + believed)
        believed = variance / DAYS_DIFFER * mean
        usual = (weights * (profile @ in_group.T)) @ in_day
        factors = (by_day + believed) / np.maximum(usual + believed, 1e-9)
    return profile, factors


def _halves(by_group: Array) -> Array:
    return by_group[:, :HOURS] + by_group[:, HOURS:]


def _calendar(starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of the profile and day of the week, in UTC, of blocks by their starts."""
    hours = starts // HOUR_S % HOURS
    days = (starts - FIRST_MONDAY_S) // DAY_S % DAYS
    return np.where(days >= SATURDAY, hours + HOURS, hours), days
