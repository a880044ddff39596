"""How sure a measure is, with so many conversations judged."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import macro, measures_by_class, weighted

RESAMPLES: Final = 1000
_RESAMPLES_AT_ONCE: Final = 100
_QUANTILES: Final = (0.025, 0.975)

Interval = tuple[float, float]


def f1_intervals(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    conversation: NDArray[np.int64],
    classes: int,
    seed: int = 0,
) -> dict[str, Interval]:
    """95 % intervals of the F1 measures by a bootstrap over conversations.

    Conversations are drawn, not posts, since posts of one conversation resemble each other.
    It says how far another sample of conversations could move a figure, and nothing of how
    another training seed would.

    Args:
        labels: [M], all known, M >= 1.
        predicted: [M].
        conversation: [M], which conversation a post belongs to.
        classes: C.
        seed: of the draws.

    Returns:
        `weighted_f1` and `macro_f1` -> lower and upper bound.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap (percentile intervals).
    """
    names, owners = np.unique(conversation, return_inverse=True)
    tables = np.zeros((len(names), classes, classes), np.int64)  # [G, C, C]
    np.add.at(tables, (owners, labels, predicted), 1)
    flat = tables.reshape(len(names), -1)  # [G, CC]
    generator = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    found: dict[str, list[NDArray[np.float64]]] = {"weighted_f1": [], "macro_f1": []}
    for _ in range(0, RESAMPLES, _RESAMPLES_AT_ONCE):
        times = generator.multinomial(len(names), even, _RESAMPLES_AT_ONCE)  # [R, G]
        own = measures_by_class((times @ flat).reshape(-1, classes, classes))
        found["weighted_f1"].append(weighted(own.f1, own.support))
        found["macro_f1"].append(macro(own.f1, own.support))
    return {name: _bounds(np.concatenate(values)) for name, values in found.items()}


def _bounds(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, _QUANTILES)
    return float(low), float(high)
