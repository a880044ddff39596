"""The shares of a window's classes by the three standard methods of quantification.

Each is a function of its own, from the data it needs; `estimate` takes any by name. All assume
prior shift, see `QuantifierFit`. Not for intervals or for what fails that assumption.
"""

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from connectors.prevalence.errors import IndistinguishableError, PrevalenceError, ShapeError
from connectors.prevalence.fit import QuantifierFit
from connectors.prevalence.posts import Array, Window, check_posteriors, shares_of
from connectors.prevalence.simplex import least_squares

Method = Literal[
    "counts",
    "probabilities",
    "adjusted_count",
    "probabilistic_adjusted_count",
    "expectation_maximisation",
]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
RAW: Final[dict[Method, Method]] = {
    "counts": "counts",
    "probabilities": "probabilities",
    "adjusted_count": "counts",
    "probabilistic_adjusted_count": "probabilities",
    "expectation_maximisation": "probabilities",
}

LEAST_SINGULAR_VALUE: Final = 0.02
TOLERANCE: Final = 1e-7
MOST_STEPS: Final = 2000
_LEAST_SHARE: Final = 1e-12


def adjusted_count(fit: QuantifierFit, counts: NDArray[np.int64] | Sequence[int]) -> Array:
    """Shares that explain the counts, given how the classifier confuses.

    The counts' shares q follow from the true ones p by q = p K with the rates K of `fit`; p is
    the point of the simplex whose p K is nearest to q.

    Args:
        fit: of the model that counted.
        counts: [C], posts by most probable class.

    Returns:
        [C], each at least 0, together 1.

    Raises:
        EmptyWindowError: no posts.
        ShapeError: not one count a class.
        IndistinguishableError: the rates of some classes are mixtures of the others'; names them.

    Source: Forman 2008, Data Mining and Knowledge Discovery 17; for many classes Bunse 2022.
    """
    require_distinct(fit.hard_rates, fit.labels)
    return least_squares(fit.hard_rates, _checked(fit, shares_of(counts)))


def probabilistic_adjusted_count(fit: QuantifierFit, summed: Array | Sequence[float]) -> Array:
    """The same from probabilities in place of labels.

    Args:
        fit: of the model that scored.
        summed: [C], the posts' probabilities added up.

    Returns:
        [C], each at least 0, together 1.

    Raises:
        EmptyWindowError: no posts.
        ShapeError: not one sum a class.
        IndistinguishableError: as `adjusted_count`.

    Source: Bella et al. 2010, ICDM.
    """
    require_distinct(fit.soft_rates, fit.labels)
    return least_squares(fit.soft_rates, _checked(fit, shares_of(np.asarray(summed, np.float64))))


def expectation_maximisation(fit: QuantifierFit, posteriors: Array) -> Array:
    """The shares under which these posteriors are most likely.

    Args:
        fit: of the model that scored; its `prior` is what the posteriors are calibrated for.
        posteriors: [M, C], a row a post.

    Returns:
        [C], each at least 0, together 1.

    Raises:
        EmptyWindowError: no posts.
        ShapeError: not a distribution over the classes in each row.
        PrevalenceError: a class has no share in `prior`.

    Source: Saerens, Latinne & Decaestecker 2002, Neural Computation 14, equations 2.6 to 2.9.
    """
    check_posteriors(posteriors)
    _checked(fit, shares_of(posteriors.sum(axis=0)))
    shares: Array = maximise(posteriors, fit.prior_shares, np.ones((1, len(posteriors))))[0]
    return shares


def maximise(
    posteriors: Array,
    prior: Array,
    weights: Array,
    start: Array | None = None,
    tolerance: float = TOLERANCE,
) -> Array:
    """Expectation maximisation over several weightings of the same posts.

    Args:
        posteriors: [M, C].
        prior: [C], the shares that they assume.
        weights: [D, M], how often each post counts.
        start: [C], where to begin; `prior` where None.
        tolerance: the largest change of a share that ends it.

    Returns:
        [D, C].

    Raises:
        PrevalenceError: a class has no share in `prior`.
    """
    if (prior <= 0).any():
        raise PrevalenceError("a class without a share in the prior can never get one: fit again")
    likelihoods = posteriors / prior  # [M, C]
    sizes = weights.sum(axis=1, keepdims=True)  # [D, 1]
    shares = np.tile(prior if start is None else start, (len(weights), 1))  # [D, C]
    for _ in range(MOST_STEPS):
        evidence = np.maximum(shares @ likelihoods.T, _LEAST_SHARE)  # [D, M]
        updated = shares * ((weights / evidence) @ likelihoods) / sizes  # [D, C]
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - shares).max())
        shares = updated
        if moved < tolerance:
            break
    return shares


def estimate(fit: QuantifierFit, window: Window, method: Method) -> Array:
    """The shares of a window's classes by a method, [C].

    Raises:
        PrevalenceError: as the method's own function, or the window lacks what it needs.
    """
    if method == "counts":
        return _checked(fit, shares_of(window.counts))
    if method == "probabilities":
        return _checked(fit, shares_of(window.summed))
    if method == "adjusted_count":
        return adjusted_count(fit, window.counts)
    if method == "probabilistic_adjusted_count":
        return probabilistic_adjusted_count(fit, window.summed)
    return expectation_maximisation(fit, posteriors_of(window))


def posteriors_of(window: Window) -> Array:
    """The posteriors of a window, [M, C].

    Raises:
        PrevalenceError: they were not kept.
    """
    if window.posteriors is None:
        raise PrevalenceError(
            "expectation maximisation needs the posteriors of each post, and the window keeps "
            "counts and sums alone: use probabilistic_adjusted_count"
        )
    return window.posteriors


def require_distinct(rates: Array, labels: Sequence[str]) -> None:
    """Raise IndistinguishableError where some shares could move without the counts noticing.

    Args:
        rates: [C, C], a row a true class.
        labels: names of the classes.

    The least singular value is how far the counts' shares move when the true ones move by 1 in
    the direction that shows least; that direction names the classes.
    """
    directions, singular, _ = np.linalg.svd(rates)
    if singular[-1] >= LEAST_SINGULAR_VALUE:
        return
    weakest = np.abs(directions[:, -1])  # [C]
    alike = [label for label, w in zip(labels, weakest, strict=True) if w >= weakest.max() / 2]
    raise IndistinguishableError(
        f"the classifier does not tell {', '.join(alike)} apart: a shift of shares between them "
        f"moves its answers by {singular[-1]:.3f} of it, under {LEAST_SINGULAR_VALUE:g}; use raw "
        "shares, join the classes, or train a better model"
    )


def _checked(fit: QuantifierFit, shares: Array) -> Array:
    if shares.shape != (fit.classes,):
        raise ShapeError(f"{len(shares)} values, but {fit.classes} classes: {fit.labels}")
    return shares
