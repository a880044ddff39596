"""Measures of a classifier from its labels: accuracy, weighted and macro F1."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def confusion(truth: Sequence[int], predicted: Sequence[int], classes: int) -> NDArray[np.int64]:
    """Counts [C, C]: true class by row, predicted class by column."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (np.asarray(truth, np.int64), np.asarray(predicted, np.int64)), 1)
    return table


def measures(truth: Sequence[int], predicted: Sequence[int], classes: int) -> dict[str, float]:
    """Accuracy, weighted F1 and macro F1.

    Args:
        truth: true classes, at least one.
        predicted: predicted classes, as many.
        classes: C. Macro F1 averages over the classes that occur in `truth`.

    Returns:
        `accuracy`, `weighted_f1`, `macro_f1`, each in [0, 1].

    Raises:
        ValueError: no post, or not as many predictions.

    Source: weighted F1 as the MELD literature reports it: F1 by class, weighted by support.
    """
    if not truth or len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} labels and {len(predicted)} predictions")
    table = confusion(truth, predicted, classes)
    support, guesses, hits = table.sum(axis=1), table.sum(axis=0), table.diagonal()
    f1 = 2.0 * hits / np.maximum(support + guesses, 1)  # [C]
    return {
        "accuracy": float(hits.sum() / support.sum()),
        "weighted_f1": float((f1 * support).sum() / support.sum()),
        "macro_f1": float(f1[support > 0].mean()),
    }
