"""Measures of a classifier from its labels: precision, recall, F1 and accuracy.

Not for probabilities: `calibration` judges those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MEASURES: Final = (
    "accuracy",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
)


@dataclass(frozen=True, slots=True)
class ClassMeasures:
    """By class, each [..., C]; a share whose denominator is 0 is 0.

    Attributes:
        support: posts that truly are of the class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def confusion(
    truth: Sequence[int] | NDArray[np.int64],
    predicted: Sequence[int] | NDArray[np.int64],
    classes: int,
) -> NDArray[np.int64]:
    """Counts [C, C]: true class by row, predicted class by column."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (np.asarray(truth, np.int64), np.asarray(predicted, np.int64)), 1)
    return table


def measures_by_class(table: NDArray[np.int64]) -> ClassMeasures:
    """Precision, recall and F1 of each class, from confusion counts [..., C, C]."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)  # [..., C]
    support, guesses = table.sum(axis=-1), table.sum(axis=-2)  # [..., C]
    return ClassMeasures(
        precision=hits / np.maximum(guesses, 1),
        recall=hits / np.maximum(support, 1),
        f1=2.0 * hits / np.maximum(support + guesses, 1),
        support=support,
    )


def weighted(values: NDArray[np.float64], support: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean over classes by support, [..., C] and [..., C] -> [...]."""
    mean: NDArray[np.float64] = (values * support).sum(axis=-1) / support.sum(axis=-1)
    return mean


def macro(values: NDArray[np.float64], support: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean over the classes that occur, [..., C] and [..., C] -> [...]."""
    occurs = support > 0  # [..., C]
    mean: NDArray[np.float64] = (values * occurs).sum(axis=-1) / occurs.sum(axis=-1)
    return mean


def measures(
    truth: Sequence[int] | NDArray[np.int64],
    predicted: Sequence[int] | NDArray[np.int64],
    classes: int,
) -> dict[str, float]:
    """The measures of `MEASURES`.

    Args:
        truth: true classes, at least one.
        predicted: predicted classes, as many.
        classes: C. Macro averages are over the classes that occur in `truth`.

    Returns:
        Name -> value in [0, 1].

    Raises:
        ValueError: no post, or not as many predictions.

    Source: weighted F1 as the MELD literature reports it: F1 by class, weighted by support.
    """
    if not len(truth) or len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} labels and {len(predicted)} predictions")
    table = confusion(truth, predicted, classes)
    own = measures_by_class(table)
    outcome = {"accuracy": float(np.trace(table) / table.sum())}
    for name, average in (("weighted", weighted), ("macro", macro)):
        for measure in ("precision", "recall", "f1"):
            outcome[f"{name}_{measure}"] = float(average(getattr(own, measure), own.support))
    return outcome
