"""How often intervals hold the truth where it is known: windows drawn with given shares. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from connectors.prevalence.estimators import Method
from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.interval import interval
from connectors.prevalence.posts import Array, LabelledPosts, Window
from connectors.trends.wilson import wilson_interval


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often the bounds of an estimator held the true share.

    Attributes:
        held: share of (window, class) pairs whose bounds hold the truth.
        by_class: [C], the same by class.
        mean_error: mean absolute error of the estimates.
        width: mean distance of the bounds.
    """

    held: float
    by_class: tuple[float, ...]
    mean_error: float
    width: float


def simulate_coverage(
    pool: LabelledPosts,
    labels: Sequence[str],
    methods: Sequence[Method],
    *,
    windows: int = 200,
    posts: int = 300,
    fitted_posts: int | None = None,
    level: float = 0.9,
    draws: int = 200,
    seed: int = 0,
) -> dict[str, Coverage]:
    """Coverage under prior shift: the pool is the population, window and fit are samples of it.

    Args:
        pool: labelled posts of every class.
        labels: names of the C classes.
        methods: whose intervals are judged.
        windows: how many are drawn, each with shares uniform on the simplex.
        posts: of each window.
        fitted_posts: of each fit, drawn anew for each window; None: as many as the pool has.
        level: of the intervals, in (0, 1).
        draws: of the bootstrap.
        seed: of everything.

    Returns:
        Method -> coverage, and `raw counts` with Wilson's interval as trends show them.

    Raises:
        ValueError: the level is not in (0, 1).
        PrevalenceError: as the methods.
    """
    generator = np.random.default_rng(seed)
    quantile = NormalDist().inv_cdf((1.0 + level) / 2.0) if 0 < level < 1 else 0.0
    classes = len(labels)
    truths: list[Array] = []
    found: dict[str, list[tuple[Array, Array, Array]]] = {}
    for number in range(windows):
        sample = generator.integers(0, len(pool), fitted_posts or len(pool))
        fit = fit_quantifier(_taken(pool, sample), labels, "simulated")
        truth = generator.dirichlet(np.ones(classes))
        window = Window.of(_taken(pool, _draw(pool, truth, posts, generator)).posteriors)
        truths.append(truth)
        for method in methods:
            own = interval(fit, window, method, level=level, draws=draws, seed=number)
            found.setdefault(method, []).append((own.shares, own.low, own.high))
        bounds = [wilson_interval(int(n), posts, quantile) for n in window.counts]
        low, high = np.array(bounds).T
        found.setdefault("raw counts", []).append((window.counts / posts, low, high))
    return {name: _coverage(np.array(truths), own) for name, own in found.items()}


def _coverage(truths: Array, found: Sequence[tuple[Array, Array, Array]]) -> Coverage:
    shares, low, high = (np.array(column) for column in zip(*found, strict=True))
    held = (low <= truths) & (truths <= high)  # [W, C]
    return Coverage(
        held=float(held.mean()),
        by_class=tuple(held.mean(axis=0).tolist()),
        mean_error=float(np.abs(shares - truths).mean()),
        width=float((high - low).mean()),
    )


def _draw(
    pool: LabelledPosts, shares: Array, posts: int, generator: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows of the pool, classes by their shares and posts of a class alike."""
    counts = generator.multinomial(posts, shares)
    by_class = [np.flatnonzero(pool.truth == label) for label in range(len(shares))]
    drawn = [generator.choice(own, n) for own, n in zip(by_class, counts, strict=True)]
    return np.concatenate(drawn)


def _taken(posts: LabelledPosts, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> LabelledPosts:
    return LabelledPosts(
        posts.truth[rows], posts.posteriors[rows], posts.tracks[rows], posts.conversations[rows]
    )
