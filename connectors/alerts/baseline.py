"""What is usual for each track now: posts by season and level, shares of labels, and their noise.

Pure. Learned anew at every whole block; not for deciding what is unusual, which `detector` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.alerts.panel import FIRST_LABEL, POSTS, SCORED, Counts, Panel, mean_weight
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.season import OUTLYING, ROUNDS, Array, Season, fit_season, overdispersion
from connectors.trends.layout import HOUR_S

LEAST_NOISE: Final = 0.01  # no baseline knows a rate better than by a tenth
LEVEL_BLOCKS: Final = 2.0  # blocks at the usual level that are believed before any is seen
ALIKE_BLOCKS: Final = 4.0  # blocks in a row wander together: so many are worth one
HALF_LIFE_BLOCKS: Final = 48.0
BELIEVED_VARIANCE: Final = 5.0  # of independent posts, before any is seen
LEAST_SCORED: Final = 100.0
SEASON: Final = tuple(each.name for each in fields(Season))
AT_ONCE: Final = 256  # tracks; bounds the memory that learning takes

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual, of T tracks, W windows and L labels.

    Attributes:
        season: posts of a block by hour of the week.
        level: [T], factor of now.
        noise: [T, W], variance of the rate of a window over its square.
        level_error: [T], variance of the level over its square.
        ready: [T], whether a track is old enough.
        shares: [T, L], usual shares.
        share_posts: [T, L], independent posts that these are worth.
        design: [T, L, W], variance of a window's share over that of independent posts, at least 1;
            that posts stood for others is taken out of it.
        usual_posts: [T, W], posts of a window that the design was measured at.
        opinion_ready: [T], whether shares are known well enough.
    """

    policy: AlertPolicy
    season: Season
    level: Array
    noise: Array
    level_error: Array
    ready: NDArray[np.bool_]
    shares: Array
    share_posts: Array
    design: Array
    usual_posts: Array
    opinion_ready: NDArray[np.bool_]

    def expected(self, starts: NDArray[np.int64]) -> Array:
        """Usual posts of the steps that begin at these Unix seconds, [T, n].

        Between the middles of blocks the rate runs in a straight line.
        """
        return _rate(self.season, self.policy, starts) * self.level[:, None]

    def error(self, at: int) -> Array:
        """Variance of what is expected at a Unix second over its square, [T]."""
        within = at - at % self.policy.block_s
        return self.season.expected_error(np.array([within]))[:, 0] + self.level_error


def learn(panel: Panel, policy: AlertPolicy) -> Baseline:
    """The baseline of every track, from its last blocks and steps; some tracks at a time."""
    parts = [
        _learn(panel, policy, slice(first, first + AT_ONCE))
        for first in range(0, max(panel.tracks, 1), AT_ONCE)
    ]
    season = Season(*_side_by_side([part.season for part in parts]))
    _, _, *arrays = fields(Baseline)
    return Baseline(policy, season, *_side_by_side(parts, [each.name for each in arrays]))


def _learn(panel: Panel, policy: AlertPolicy, tracks: slice) -> Baseline:
    blocks = panel.last_blocks(policy.season_blocks, tracks)
    posts = blocks[:, :, POSTS].astype(float)
    known = _known(posts)
    starts = panel.blocks_end - policy.block_s * np.arange(policy.season_blocks, 0, -1)
    season = fit_season(posts, known, starts, hourly=policy.block_s == HOUR_S)
    recent = slice(-policy.recent_blocks, None)
    usual = season.expected(starts[recent])
    level = _level(posts[:, recent], usual, known[:, recent], season.noise)
    age = known.sum(axis=1)
    steps = panel.last_steps(policy.recent_steps, tracks)
    seen = np.repeat(known[:, recent], policy.steps_a_block, axis=1)
    opinion = _Opinion(blocks[:, -policy.opinion_blocks :])
    design, usual_posts = opinion.design(steps, policy.windows)
    rate = np.maximum(usual.mean(axis=1) * level, 1e-2)
    return Baseline(
        policy=policy,
        season=season,
        level=level,
        noise=_window_noise(panel, policy, season, level, steps[:, :, POSTS], seen),
        level_error=(ALIKE_BLOCKS * season.noise + 1.0 / rate)
        / (known[:, recent].sum(axis=1) + LEVEL_BLOCKS),
        ready=age >= policy.least_blocks,
        shares=opinion.shares,
        share_posts=opinion.share_posts,
        design=np.maximum(1.0, design / mean_weight(steps)[:, None, None]),
        usual_posts=usual_posts,
        opinion_ready=(opinion.scored_blocks >= policy.least_blocks)
        & (opinion.share_posts.min(axis=1) >= LEAST_SCORED),
    )


def _known(posts: Array) -> Array:
    """1 for blocks that a track is known over from end to end, [T, D]; else 0.

    The block of its first post is not: the track, or the whole stream, began somewhere within it.
    """
    known = np.zeros_like(posts)
    known[:, 1:] = np.cumsum(posts, axis=1)[:, :-1] > 0
    return known


def _side_by_side(parts: Sequence[object], names: Sequence[str] = SEASON) -> list[Any]:
    """Attributes of parts, each joined along the tracks."""
    return [np.concatenate([getattr(part, name) for part in parts]) for name in names]


def _rate(season: Season, policy: AlertPolicy, starts: NDArray[np.int64]) -> Array:
    """Posts of steps by the season alone, [T, n]."""
    middles = starts + policy.step_s / 2 - policy.block_s / 2
    before = (middles // policy.block_s * policy.block_s).astype(np.int64)
    part = (middles - before) / policy.block_s
    rate = season.expected(before) * (1.0 - part) + season.expected(before + policy.block_s) * part
    return np.asarray(np.maximum(rate / policy.steps_a_block, 1e-6))


def _level(posts: Array, usual: Array, known: Array, noise: Array) -> Array:
    """How many times the usual a track has of late, [T]; a burst among the blocks hardly counts."""
    believed = LEVEL_BLOCKS * usual.mean(axis=1)
    weights = known
    level = np.ones(len(posts))
    for _ in range(3):
        counted = (weights * posts).sum(axis=1) + believed
        level = counted / np.maximum((weights * usual).sum(axis=1) + believed, 1e-9)
        weights = known * _trust(posts, usual * level[:, None], noise[:, None])
    return level


def _trust(counts: Array, expected: Array, noise: Array) -> Array:
    """Weights that fall with the square of the distance, past what is outlying."""
    deviation = np.sqrt(expected + noise * expected**2 + 1e-9)
    return np.asarray(
        np.minimum(1.0, (OUTLYING * deviation / (np.abs(counts - expected) + 1e-9)) ** 2)
    )


def _window_noise(
    panel: Panel, policy: AlertPolicy, season: Season, level: Array, posts: Counts, seen: Array
) -> Array:
    """Noise of the rate by window, [T, W]: of late, and half of it that of blocks over the season.

    A longer window averages over more, so that a shorter one is never taken to be calmer.
    """
    starts = panel.end - policy.step_s * np.arange(policy.recent_steps, 0, -1)
    usual = _rate(season, policy, starts) * level[:, None]
    found: list[Array] = []
    for window in reversed(policy.windows):
        counts, expected = _joined(posts.astype(float), window), _joined(usual, window)
        known = _joined(seen, window) / window
        noise = season.noise
        for _ in range(ROUNDS):
            trusted = known * _trust(counts, expected, noise[:, None])
            noise = overdispersion(counts, expected, trusted)
        pooled = np.maximum(noise, (noise + season.noise) / 2)
        found.append(np.maximum(pooled, found[-1] if found else LEAST_NOISE))
    return np.stack(found[::-1], axis=1)


class _Opinion:
    """Usual shares of labels, from blocks [T, D, measures]; newer ones count for more."""

    def __init__(self, blocks: Counts) -> None:
        posts = blocks[:, :, SCORED, None].astype(float)  # [T, D, 1]
        hits = blocks[:, :, FIRST_LABEL:].astype(float)  # [T, D, L]
        ages = np.arange(posts.shape[1], 0, -1)[None, :, None]
        newness = 0.5 ** (ages / HALF_LIFE_BLOCKS)
        weights = np.broadcast_to(newness, hits.shape)
        for _ in range(3):
            self.shares = _shares((weights * hits).sum(axis=1), (weights * posts).sum(axis=1))
            variance = posts * (self.shares * (1.0 - self.shares))[:, None]
            squared = (hits - posts * self.shares[:, None]) ** 2
            self._design = _ratio((weights * squared).sum(axis=1), (weights * variance).sum(axis=1))
            outlying = squared / np.maximum(variance * self._design[:, None], 1e-9)
            weights = newness * np.minimum(1.0, OUTLYING**2 / np.maximum(outlying, 1e-9))
        worth = (weights * posts).sum(axis=1) ** 2
        worth = worth / np.maximum((weights**2 * posts).sum(axis=1), 1e-9)
        self.share_posts = worth / self._design
        self._block_posts = _usual_size(posts[:, :, 0])
        # one that is scored in part counts as well: its shares are as good
        self.scored_blocks = (posts[:, :, 0] > 0).sum(axis=1)

    def design(self, steps: Counts, windows: tuple[int, ...]) -> tuple[Array, Array]:
        """Design effects [T, L, W], and the posts of a window they were measured at [T, W].

        Measured of late, and at least what lasts for blocks has in a part of one.
        """
        spread = self.shares * (1.0 - self.shares)
        effects, sizes = [], []
        for window in windows:
            joined = _joined(steps, window).astype(float)
            posts, hits = joined[:, :, SCORED, None], joined[:, :, FIRST_LABEL:]
            variance = posts * spread[:, None]  # [T, n, L]
            squared = (hits - posts * self.shares[:, None]) ** 2
            squared = np.minimum(squared, OUTLYING**2 * self._design[:, None] * variance)
            effects.append(_ratio(squared.sum(axis=1), variance.sum(axis=1)))
            sizes.append(_usual_size(posts[:, :, 0]))
        design, usual_posts = np.stack(effects, axis=2), np.stack(sizes, axis=1)
        part = np.minimum(1.0, usual_posts / np.maximum(self._block_posts, 1.0)[:, None])
        lasting = 1.0 + (self._design - 1.0)[:, :, None] * part[:, None]
        return np.maximum(design, lasting), usual_posts


def _shares(hits: Array, posts: Array) -> Array:
    """Shares drawn a little to the middle, so that none is 0 or 1."""
    return (hits + 0.5) / (posts + 1.0)


def _usual_size(posts: Array) -> Array:
    """Posts of the window that a post is usually in, [T]."""
    return np.asarray((posts**2).sum(axis=1) / np.maximum(posts.sum(axis=1), 1.0))


def _ratio(squared: Array, variance: Array) -> Array:
    return np.asarray(
        np.maximum((squared + BELIEVED_VARIANCE) / (variance + BELIEVED_VARIANCE), 1.0)
    )


def _joined(values: NDArray[Number], window: int) -> NDArray[Number]:
    """Sums of `window` steps side by side, [T, n // window, ...], the last ones whole."""
    count = values.shape[1] // window
    cut = values[:, values.shape[1] - count * window :]
    shape = (len(values), count, window, *values.shape[2:])
    return np.asarray(cut.reshape(shape).sum(axis=2))
