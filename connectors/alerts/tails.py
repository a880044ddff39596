"""How unlikely a count or a share is when nothing has moved. Pure."""

from typing import Final

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, ndtr

from connectors.alerts.season import Array

NEAR: Final = 2.0  # standard deviations within which the normal tail will do
NODES: Final = np.linspace(-8.0, 8.0, 129)  # of a standard normal
WEIGHTS: Final = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


def count_tails(posts: Array, expected: Array, noise: Array) -> tuple[Array, Array]:
    """Tails of a count whose rate itself varies: Poisson with a log-normal rate.

    Args:
        posts: counted; any shape.
        expected: mean, over 0.
        noise: variance of the rate over its square.

    Returns:
        P(X <= posts) and P(X >= posts). Near the mean, and on the other side of it, they are
        those of a normal distribution, which is cheap and decides nothing.

    Source: Bulmer 1974, Biometrics 30(1); integrated by the trapezoidal rule.
    """
    deviations = (posts - expected) / np.sqrt(expected + noise * expected**2)
    logs = np.log((posts + 0.5) / expected) / np.sqrt(np.log1p(noise + 1.0 / expected))
    low, high = ndtr(deviations), ndtr(-deviations)
    above, below = deviations > NEAR, logs < -NEAR
    rates = _rates(expected[above], noise[above])
    high[above] = gammainc(np.maximum(posts[above], 1.0)[:, None], rates) @ WEIGHTS
    rates = _rates(expected[below], noise[below])
    low[below] = gammaincc(posts[below][:, None] + 1.0, rates) @ WEIGHTS
    return low, high


def _rates(expected: Array, noise: Array) -> Array:
    """Rates of equal steps of a standard normal, [n, nodes]."""
    spread = np.sqrt(np.log1p(noise))[:, None]
    return np.asarray(expected[:, None] * np.exp(spread * NODES - spread**2 / 2))


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
