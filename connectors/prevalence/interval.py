"""Shares with an interval for what sampling, the fit and the track leave open.

Without a `Correction` a bootstrap of two parts, drawn anew together:

1. the window: its posts are a sample (multinomial over labels; normal with the covariance of the
   posteriors for their sum; weights of posts for expectation maximisation);
2. the rates of the fit: they were counted on validation posts (Dirichlet over the row of counts;
   normal for a mean posterior), except for expectation maximisation, which uses none.

These bounds are of the share among all the posts that could have come. They hold under prior
shift alone, and posts count as independent of each other.

With a correction the errors that the method made on validation tracks are drawn, beside part 2:

3. its error on the track, as far as that is not known (see `Correction.expected_error`), by
   Student's t of two degrees of freedom less than there are tracks, for whose errors' variance is
   itself an estimate;
4. the error from sampling that many posts, with what posts of a conversation have in common.

These bounds are of the share that people would label among the window's own posts.

The bounds are quantiles of the draws, which are not held to the simplex before.

Sources: percentile bootstrap, Efron & Tibshirani 1993, chapter 13; over both the window and the
validation counts as in Tasche 2019, "Confidence intervals for class prevalences under prior
probability shift", Machine Learning and Knowledge Extraction 1(3); 3 and 4 are the prediction
interval of a random-effects model, Higgins, Thompson & Spiegelhalter 2009, JRSS A 172.
"""

from dataclasses import dataclass

import numpy as np

from connectors.prevalence.estimators import RAW, Method, estimate, posteriors_of
from connectors.prevalence.fit import QuantifierFit
from connectors.prevalence.posts import Array, Window
from connectors.prevalence.resampling import inverted, maximised
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
    if correction is None:
        drawn = _resampled(fit, window, method, draws, generator)  # [D, C]
    else:
        mean, covariance = correction.expected_error(track)
        sampling = np.asarray(correction.within) / window.posts
        of_track = _normal(generator, np.zeros((draws, len(mean))), covariance)
        of_track *= _heavier(generator, len(correction.tracks), draws)
        errors = mean + of_track + _normal(generator, np.zeros_like(of_track), sampling)
        raw, full = _refitted(fit, window, method, draws, generator)  # [D, C] each
        drawn = correction.combine(raw, full) + errors
    bounds = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low, high = np.clip(bounds, 0.0, 1.0)
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


def _resampled(
    fit: QuantifierFit,
    window: Window,
    method: Method,
    draws: int,
    generator: np.random.Generator,
) -> Array:
    """Estimates from resampled windows with resampled rates, [D, C]."""
    posts = window.posts
    if method == "expectation_maximisation":
        posteriors = posteriors_of(window)
        weights = generator.multinomial(posts, np.full(posts, 1.0 / posts), draws)  # [D, M]
        return maximised(fit, posteriors, weights.astype(np.float64))
    if RAW[method] == "counts":
        raw = generator.multinomial(posts, window.counts / posts, draws) / posts
    else:
        mean = np.tile(window.summed / posts, (draws, 1))
        raw = _normal(generator, mean, _covariance(fit, window) / posts)
    return inverted(method, _rates(fit, method, draws, generator), raw)


def _refitted(
    fit: QuantifierFit,
    window: Window,
    method: Method,
    draws: int,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """Raw and adjusted shares of the window as it is, with resampled rates, [D, C] each."""
    raw = np.tile(estimate(fit, window, RAW[method]), (draws, 1))
    if method == "expectation_maximisation":
        return raw, np.tile(estimate(fit, window, method), (draws, 1))
    return raw, inverted(method, _rates(fit, method, draws, generator), raw)


def _rates(fit: QuantifierFit, method: Method, draws: int, generator: np.random.Generator) -> Array:
    """Rates as other validation posts could have given them, [D, C, C]."""
    if RAW[method] == "counts":
        pseudo = fit.counts + 1.0 / fit.classes  # a cell that is 0 by chance is not impossible
        return np.stack([generator.dirichlet(row, draws) for row in pseudo], axis=1)
    rows = zip(fit.soft_rates, fit.soft_covariances, fit.posts_by_class, strict=True)
    drawn = [_normal(generator, np.tile(row, (draws, 1)), own / size) for row, own, size in rows]
    return np.stack(drawn, axis=1)


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


def _heavier(generator: np.random.Generator, tracks: int, draws: int) -> Array:
    """What makes normal draws those of Student's t, [D, 1]."""
    freedom = max(1, tracks - 2)
    factors: Array = np.sqrt(freedom / generator.chisquare(freedom, (draws, 1)))
    return factors


def _normal(generator: np.random.Generator, means: Array, covariance: Array) -> Array:
    """Normal draws around [D, C] means with one covariance [C, C], which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    spread = vectors * np.sqrt(np.maximum(values, 0.0))  # [C, C]
    drawn: Array = means + generator.standard_normal(means.shape) @ spread.T
    return drawn
