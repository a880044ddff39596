"""The plain rule: so many standard deviations from the mean of the last day. Pure.

What products call a spike or an anomaly by sigma. It gets the same windows, least sizes, cool-down
and hysteresis as the detector, so that they differ in the baseline and the judgement alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.alerts.detector import KINDS, LABELS_OF, Direction, Look, Shift
from connectors.alerts.panel import FIRST_LABEL, LABELS, POSTS, SCORED, Panel
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.season import Array

FEWEST = 10  # posts of a past window whose share is taken


@dataclass(frozen=True, slots=True)
class Usual:
    """Mean and standard deviation by window of T tracks, [T, W] and for shares [T, W, L]."""

    posts: Array
    posts_deviation: Array
    shares: Array
    shares_deviation: Array


def usual(panel: Panel, policy: AlertPolicy) -> Usual:
    """Of the windows of the last day, side by side."""
    steps = panel.last_steps(policy.recent_steps).astype(float)
    means: list[tuple[Array, ...]] = []
    for window in policy.windows:
        count = steps.shape[1] // window
        sums = steps.reshape(len(steps), count, window, -1).sum(axis=2)  # [T, n, measures]
        posts, scored = sums[:, :, POSTS], sums[:, :, SCORED, None]
        shares = np.where(
            scored >= FEWEST, sums[:, :, FIRST_LABEL:] / np.maximum(scored, 1.0), np.nan
        )
        known = ~np.isnan(shares)
        many = np.maximum(known.sum(axis=1), 1)
        mean = np.where(known, shares, 0.0).sum(axis=1) / many
        spread = np.where(known, shares - mean[:, None], 0.0)
        deviation = np.sqrt((spread**2).sum(axis=1) / many)
        means.append((posts.mean(axis=1), posts.std(axis=1), mean, deviation))
    posts, posts_deviation, shares, shares_deviation = (
        np.stack(column, axis=1) for column in zip(*means, strict=True)
    )
    return Usual(posts, posts_deviation, shares, shares_deviation)


def deviations(panel: Panel, usual: Usual, policy: AlertPolicy) -> tuple[Array, Array]:
    """How far the windows that end now are off, in standard deviations.

    Returns:
        [T, K] by kind, the farthest of those that are large enough; and the same, signed, of any
        size.
    """
    steps = panel.last_steps(policy.windows[-1])
    sums = np.stack([steps[:, -window:].sum(axis=1) for window in policy.windows], 1).astype(float)
    posts, scored = sums[:, :, POSTS], sums[:, :, SCORED, None]
    change = posts - usual.posts
    ratio = np.maximum(posts, 0.5) / np.maximum(usual.posts, 0.5)
    large = (np.abs(change) >= policy.min_posts) & (
        np.maximum(ratio, 1 / ratio) >= policy.min_ratio
    )
    far = [_farthest(change / np.maximum(usual.posts_deviation, 1e-9), large)]
    shares = sums[:, :, FIRST_LABEL:] / np.maximum(scored, 1.0)
    for kind in ("sentiment", "emotion"):
        at = list(LABELS_OF[kind])
        moved = shares[:, :, at] - usual.shares[:, :, at]
        off = moved / np.maximum(usual.shares_deviation[:, :, at], 1e-3)
        enough = (scored >= policy.min_posts) & (np.abs(moved) >= policy.min_change)
        far.append(_farthest(off.reshape(len(off), -1), enough.reshape(len(off), -1)))
    return np.stack([each[0] for each in far], 1), np.stack([each[1] for each in far], 1)


def look(end: int, large: Array, any_size: Array, sigmas: float) -> Look:
    """What the rule says, in the form of the detector's answer."""
    fires = np.abs(large) > sigmas
    shifts = {
        (track, kind): _shift(float(large[track, kind]), kind)
        for track, kind in np.argwhere(fires).tolist()
    }
    return Look(
        end, np.where(np.abs(any_size) > sigmas, 0.0, 1.0), np.where(fires, 0.0, 1.0), shifts
    )


def _shift(off: float, kind: int) -> Shift:
    direction: Direction = "up" if off > 0 else "down"
    label = LABELS[0] if kind else None
    return Shift(KINDS[kind], direction, label, 1, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _farthest(off: Array, large: Sequence[bool] | Array) -> tuple[Array, Array]:
    rows = np.arange(len(off))
    enough = np.where(large, off, 0.0)
    return (
        enough[rows, np.abs(enough).argmax(axis=1)],
        off[rows, np.abs(off).argmax(axis=1)],
    )
