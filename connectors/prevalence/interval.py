"""Shares with an interval for what sampling, the fit and the track leave open.

A bootstrap of three parts, each drawn anew and independently:

1. the window: its posts are a sample (multinomial over labels; normal with the covariance of the
   posteriors for their sum; weights of posts for expectation maximisation);
2. the rates of the fit: they were counted on validation posts (Dirichlet over the row of counts;
   normal for a mean posterior), except for expectation maximisation, which uses none;
3. where a `Correction` is given, the method's own error on the track (normal, see `tracks`).

The bounds are quantiles of the estimates from those draws. Without a correction they hold under
prior shift alone. Posts of a window count as independent of each other.

Sources: percentile bootstrap, Efron & Tibshirani 1993, chapter 13; over both the window and the
validation counts as in Tasche 2019, "Confidence intervals for class prevalences under prior
probability shift", Machine Learning and Knowledge Extraction 1(3).
"""

from dataclasses import dataclass

import numpy as np

from connectors.prevalence.estimators import RAW, Method, estimate, posteriors_of
from connectors.prevalence.fit import QuantifierFit
from connectors.prevalence.posts import Array, Window
from connectors.prevalence.resampling import adjusted, maximised
from connectors.prevalence.simplex import project
from connectors.prevalence.tracks import Correction


@dataclass(frozen=True, slots=True)
class Estimate:
    """Shares of the classes, [C] each.

    Attributes:
        shares: each at least 0, together 1.
        low, high: bounds, low <= share <= high; each class by itself.
    """

    shares: Array
    low: Array
    high: Array


def interval(
    fit: QuantifierFit,
    window: Window,
    method: Method,
    *,
    correction: Correction | None = None,
    track: str | None = None,
    level: float = 0.9,
    draws: int = 200,
    seed: int = 0,
) -> Estimate:
    """Shares with bounds.

    Args:
        fit: of the model that scored the posts.
        window: the posts.
        method: of estimation.
        correction: of the same method; None takes the method as it is.
        track: the window's, for a correction that knows it.
        level: how often bounds made like this hold the share, in (0, 1).
        draws: bootstrap samples, at least 2.
        seed: of the draws: the same gives the same bounds.

    Raises:
        ValueError: level, draws or the correction's method are not usable.
        PrevalenceError: as `estimate`.
    """
    if not 0 < level < 1 or draws < 2:
        raise ValueError(f"level {level} must be in (0, 1) and draws {draws} at least 2")
    shares = corrected(fit, window, method, correction, track)
    generator = np.random.default_rng(seed)
    raw, full = _drawn(fit, window, method, draws, generator)  # [D, C] each
    if correction is None:
        drawn = full
    else:
        mean, covariance = correction.expected_error(track)
        errors = _normal(generator, np.tile(mean, (draws, 1)), covariance)
        drawn = project(correction.combine(raw, full) + errors)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Estimate(shares, np.minimum(low, shares), np.maximum(high, shares))


def corrected(
    fit: QuantifierFit,
    window: Window,
    method: Method,
    correction: Correction | None = None,
    track: str | None = None,
) -> Array:
    """The shares alone, [C]; arguments and errors as `interval`."""
    full = estimate(fit, window, method)
    if correction is None:
        return full
    if correction.method != method:
        raise ValueError(f"a correction of {correction.method} says nothing of {method}")
    combined = correction.combine(estimate(fit, window, RAW[method]), full)
    return project(combined + correction.expected_error(track)[0])


def _drawn(
    fit: QuantifierFit,
    window: Window,
    method: Method,
    draws: int,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """Raw and adjusted shares of resampled windows with resampled rates, [D, C] each."""
    posts = window.posts
    if RAW[method] == "counts":
        raw = generator.multinomial(posts, window.counts / posts, draws) / posts
        rates = generator.dirichlet  # a row of counts each
        pseudo = fit.counts + 1.0 / fit.classes  # a cell that is 0 by chance is not impossible
        drawn = np.stack([rates(row, draws) for row in pseudo], axis=1)  # [D, C, C]
        return raw, adjusted(method, drawn, raw)
    if method == "expectation_maximisation":
        posteriors = posteriors_of(window)
        weights = generator.multinomial(posts, np.full(posts, 1.0 / posts), draws)  # [D, M]
        own = weights.astype(np.float64)
        return own @ posteriors / posts, maximised(fit, posteriors, own)
    mean = np.tile(window.summed / posts, (draws, 1))
    raw = project(_normal(generator, mean, _covariance(fit, window) / posts))
    drawn = np.stack(
        [
            project(_normal(generator, np.tile(row, (draws, 1)), own / size))
            for row, own, size in zip(
                fit.soft_rates, fit.soft_covariances, fit.posts_by_class, strict=True
            )
        ],
        axis=1,
    )
    return raw, adjusted(method, drawn, raw)


def _covariance(fit: QuantifierFit, window: Window) -> Array:
    """Covariance of a post's posteriors [C, C]: theirs, or of the fit's classes in raw shares."""
    if window.posteriors is not None:
        centred = window.posteriors - window.posteriors.mean(axis=0)
        own: Array = centred.T @ centred / window.posts
        return own
    shares, rows = window.summed / window.posts, fit.soft_rates
    within = np.tensordot(shares, fit.soft_covariances, axes=1)
    mean = shares @ rows
    mixed: Array = within + (rows.T * shares) @ rows - np.outer(mean, mean)
    return mixed


def _normal(generator: np.random.Generator, means: Array, covariance: Array) -> Array:
    """Normal draws around [D, C] means with one covariance [C, C], which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    spread = vectors * np.sqrt(np.maximum(values, 0.0))  # [C, C]
    drawn: Array = means + generator.standard_normal(means.shape) @ spread.T
    return drawn
