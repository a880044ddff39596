"""How unlikely a count or a share is when nothing has moved. Pure."""

from typing import Final

import numpy as np
from scipy.special import betainc, gammainc, ndtr

from connectors.alerts.season import Array

NEAR: Final = 2.0  # standard deviations within which the normal tail will do
LEAST_NOISE: Final = 1e-9
NODES: Final = np.linspace(-8.0, 8.0, 129)  # of a standard normal
WEIGHTS: Final = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


def count_tails(posts: Array, expected: Array, noise: Array) -> tuple[Array, Array]:
    """Tails of a count whose rate itself varies.

    Nobody knows how: bursts come as from a log-normal rate, lulls as from a gamma one, each the
    heavier of the two on its side.

    Args:
        posts: counted; any shape.
        expected: mean, over 0.
        noise: variance of the rate over its square.

    Returns:
        P(X <= posts) and P(X >= posts). Near the mean, and on the other side of it, they are
        those of a normal distribution, which is cheap and decides nothing.

    Source: Poisson with a log-normal rate, Bulmer 1974, Biometrics 30(1), integrated by the
        trapezoidal rule; with a gamma rate, the negative binomial, P(X <= k) = I(1 - q; r, k + 1)
        with r = 1 / noise and q = mean / (mean + r), Abramowitz & Stegun 26.5.26.
    """
    deviations = (posts - expected) / np.sqrt(expected + noise * expected**2)
    logs = np.log((posts + 0.5) / expected) / np.sqrt(np.log1p(noise + 1.0 / expected))
    low, high = ndtr(deviations), ndtr(-deviations)
    above, below = deviations > NEAR, logs < -NEAR
    spread = np.sqrt(np.log1p(noise[above]))[:, None]
    rates = expected[above][:, None] * np.exp(spread * NODES - spread**2 / 2)  # [n, nodes]
    high[above] = gammainc(np.maximum(posts[above], 1.0)[:, None], rates) @ WEIGHTS
    size = 1.0 / np.maximum(noise[below], LEAST_NOISE)
    low[below] = betainc(size, posts[below] + 1.0, size / (expected[below] + size))
    return low, high


def share_tails(hits: Array, posts: Array, share: Array) -> tuple[Array, Array]:
    """Tails of how many posts have a label: binomial, of posts that need not be whole numbers.

    Args:
        hits: posts with the label, 0 <= hits <= posts; any shape.
        posts: over 0; effective ones, where posts are alike.
        share: the usual share, in (0, 1).

    Returns:
        P(X <= hits) and P(X >= hits), those of a normal distribution near the mean.

    Source: P(X >= k) = I(p; k, n - k + 1), Abramowitz & Stegun 26.5.24.
    """
    deviations = (hits - posts * share) / np.sqrt(np.maximum(posts * share * (1.0 - share), 1e-12))
    low, high, far = ndtr(deviations), ndtr(-deviations), np.abs(deviations) > NEAR
    at, of, usual = hits[far], posts[far], share[far]
    misses = of - at
    high[far] = np.where(at > 0, betainc(np.maximum(at, 1e-9), misses + 1.0, usual), 1.0)
    low[far] = np.where(misses > 0, betainc(np.maximum(misses, 1e-9), at + 1.0, 1.0 - usual), 1.0)
    return low, high
