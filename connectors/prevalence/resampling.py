"""Estimates from many resampled windows at once. Not for how they are resampled."""

from typing import Final

import numpy as np

from connectors.prevalence.estimators import Method, maximise
from connectors.prevalence.fit import QuantifierFit
from connectors.prevalence.posts import Array
from connectors.prevalence.simplex import least_squares

EM_TOLERANCE: Final = 1e-5  # far below what resampling itself moves a share
_VALUES_AT_ONCE: Final = 4_000_000


def adjusted(method: Method, rates: Array, raw: Array) -> Array:
    """Estimates of a method that needs raw shares alone.

    Args:
        method: not expectation maximisation.
        rates: [C, C] or [D, C, C], those that the method inverts.
        raw: [D, C], raw shares.

    Returns:
        [D, C].
    """
    if method in {"counts", "probabilities"}:
        return raw
    return least_squares(rates, raw)


def inverted(method: Method, rates: Array, raw: Array) -> Array:
    """The same without the constraint: shares that may be below 0 or above 1.

    Bounds are made of these: constrained ones would crowd at the edge of the simplex, and bounds
    made of them hold a small share too seldom.
    """
    if method in {"counts", "probabilities"}:
        return raw
    solved = np.linalg.solve(np.swapaxes(rates, -1, -2), raw[..., None])
    return np.asarray(solved[..., 0], np.float64)


def rates_of(fit: QuantifierFit, method: Method) -> Array:
    """The rates that a method inverts, [C, C]."""
    return fit.hard_rates if method == "adjusted_count" else fit.soft_rates


def weighted_estimates(
    fit: QuantifierFit, posteriors: Array, weights: Array, method: Method
) -> Array:
    """Estimates from several weightings of the same posts.

    Args:
        fit: of the model that scored them.
        posteriors: [M, C].
        weights: [D, M], how often each post counts.
        method: any.

    Returns:
        [D, C].
    """
    if method == "expectation_maximisation":
        return maximised(fit, posteriors, weights)
    answers = posteriors
    if method in {"counts", "adjusted_count"}:
        answers = np.eye(fit.classes)[posteriors.argmax(axis=1)]  # [M, C]
    raw = weights @ answers / weights.sum(axis=1, keepdims=True)  # [D, C]
    return adjusted(method, rates_of(fit, method), raw)


def maximised(fit: QuantifierFit, posteriors: Array, weights: Array) -> Array:
    """Expectation maximisation over weightings, a few at a time to bound memory, [D, C]."""
    prior = fit.prior_shares
    everything = weights.sum(axis=0, keepdims=True)
    start = maximise(posteriors, prior, everything, tolerance=EM_TOLERANCE)[0]
    # an exact 0 would never grow again
    start = 0.99 * start + 0.01 * prior
    together = max(1, _VALUES_AT_ONCE // max(1, len(posteriors)))
    return np.concatenate(
        [
            maximise(posteriors, prior, weights[first : first + together], start, EM_TOLERANCE)
            for first in range(0, len(weights), together)
        ]
    )
