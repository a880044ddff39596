"""Whether probabilities mean what they say: calibration errors, proper scores, reliability curves.

Not for mending them: that is `calibration`.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

BINS: Final = 15
_RESAMPLES: Final = 200

Probabilities = NDArray[np.float64]
Labels = NDArray[np.int64]


class ReliabilityBin(BaseModel):
    """Posts whose probability lies in (lower, upper].

    Attributes:
        probability: their mean probability; None without posts.
        share: the share of them for which it came true; None without posts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lower: float
    upper: float
    posts: int
    probability: float | None
    share: float | None


def reliability_curve(
    probability: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = BINS
) -> list[ReliabilityBin]:
    """What a reliability diagram shows.

    Args:
        probability: [M], of some event for each post.
        came_true: [M].
        bins: of equal width.

    Returns:
        The bins from 0 to 1, empty ones too.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    counts, sums, hits = _binned(probability, came_true, bins)
    return [
        ReliabilityBin(
            lower=float(edges[place]),
            upper=float(edges[place + 1]),
            posts=int(count),
            probability=float(sums[place] / count) if count else None,
            share=float(hits[place] / count) if count else None,
        )
        for place, count in enumerate(counts)
    ]


def calibration_error(
    probability: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Mean distance of probability and share over the bins, weighted by their posts.

    Args:
        probability: [M], M >= 1.
        came_true: [M].
        bins: of equal width.

    Source: Naeini et al. 2015, AAAI.
    """
    _, sums, hits = _binned(probability, came_true, bins)
    return float(np.abs(sums - hits).sum() / len(probability))


def expected_calibration_error(probs: Probabilities, labels: Labels, bins: int = BINS) -> float:
    """Expected calibration error of the most probable class.

    Args:
        probs: [M, C], M >= 1.
        labels: [M], true classes, all known.
        bins: of equal width.

    Source: Guo et al. 2017, ICML, with their 15 bins.
    """
    return calibration_error(probs.max(axis=1), probs.argmax(axis=1) == labels, bins)


def classwise_calibration_errors(
    probs: Probabilities, labels: Labels, bins: int = BINS
) -> NDArray[np.float64]:
    """Calibration error of each class's own probability, [C].

    Args:
        probs: [M, C], M >= 1.
        labels: [M], true classes, all known.
        bins: of equal width.

    Source: Kull et al. 2019, NeurIPS; its classwise ECE is the mean of these.
    """
    return np.array(
        [
            calibration_error(probs[:, column], labels == column, bins)
            for column in range(probs.shape[1])
        ]
    )


def calibration_error_by_chance(probs: Probabilities, bins: int = BINS, seed: int = 0) -> float:
    """The expected calibration error that as many posts show where all probabilities are true.

    Args:
        probs: [M, C]; labels are drawn from them.
        bins: of equal width.
        seed: of the draws.

    Returns:
        Mean over 200 draws. An error near it cannot be told from none.

    Source: Broecker & Smith 2007, Weather and Forecasting 22 (consistency resampling).
    """
    generator = np.random.default_rng(seed)
    confidence = probs.max(axis=1)  # [M]
    errors = [
        calibration_error(confidence, generator.random(len(confidence)) < confidence, bins)
        for _ in range(_RESAMPLES)
    ]
    return float(np.mean(errors))


def negative_log_likelihood(probs: Probabilities, labels: Labels) -> float:
    """Mean of -log of the true class's probability; [M, C] and [M], M >= 1."""
    return float(surprises(probs, labels).mean())


def brier_score(probs: Probabilities, labels: Labels) -> float:
    """Mean squared distance to the one-hot truth, in [0, 2]; [M, C] and [M], M >= 1.

    Source: Brier 1950, Monthly Weather Review 78.
    """
    truth = np.eye(probs.shape[1])[labels]  # [M, C]
    return float(((probs - truth) ** 2).sum(axis=1).mean())


def surprises(probs: Probabilities, labels: Labels) -> NDArray[np.float64]:
    """-log of the true class's probability, [M, C] and [M] -> [M]."""
    own = probs[np.arange(len(labels)), labels]  # [M]
    values: NDArray[np.float64] = -np.log(np.maximum(own, np.finfo(np.float64).tiny))
    return values


def _binned(
    probability: NDArray[np.float64], came_true: NDArray[np.bool_], bins: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Posts, sum of probabilities and posts that came true, of each bin: [bins] each."""
    inner = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    places = np.digitize(probability, inner, right=True)  # [M]
    truths = came_true.astype(np.float64)
    return (
        np.bincount(places, minlength=bins).astype(np.int64),
        np.bincount(places, weights=probability, minlength=bins).astype(np.float64),
        np.bincount(places, weights=truths, minlength=bins).astype(np.float64),
    )
