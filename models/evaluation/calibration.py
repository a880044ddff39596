"""Fitting what makes probabilities mean what they say, on a validation split.

Not for applying it (`models.calibration`) or judging it (`reliability`).
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibration import Calibration, TaskCalibration, apply
from models.evaluation.judged import Judged, Task
from models.evaluation.reliability import negative_log_likelihood, surprises
from models.training.corpus import NO_LABEL

_LOG_TEMPERATURES: Final = (-3.0, 3.0)  # from 0.05 to 20
_COARSE: Final = 25
_NOISES: Final = (0.0, 0.9)
_GOLDEN: Final = (5**0.5 - 1) / 2
_PRECISION: Final = 1e-6
_FOLDS: Final = 5

Logits = NDArray[np.float32] | NDArray[np.float64]
Labels = NDArray[np.int64]


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature with the least negative log likelihood, between 0.05 and 20.

    The likelihood has one optimum in the temperature, so that a golden-section search over its
    logarithm finds it from anywhere.

    Args:
        logits: [M, C] of a validation split.
        labels: [M]; rows with NO_LABEL are left out.

    Raises:
        ValueError: no row has a label.

    Source: Guo et al. 2017, ICML.
    """
    known_logits, known = _known(logits, labels)

    def loss(log_temperature: float) -> float:
        own = TaskCalibration(temperature=float(np.exp(log_temperature)))
        return negative_log_likelihood(apply(known_logits, own), known)

    return float(np.exp(_least(loss, *_LOG_TEMPERATURES)))


def fit_temperature_and_noise(logits: Logits, labels: Labels) -> TaskCalibration:
    """Temperature and noise with the least negative log likelihood, see `TaskCalibration`.

    The likelihood has one optimum in the noise for each temperature; temperatures are first
    tried on a grid, since there can be two valleys.

    Args:
        logits: [M, C] of a validation split, whose shares of the classes are mixed in.
        labels: [M]; rows with NO_LABEL are left out.

    Raises:
        ValueError: no row has a label.
    """
    known_logits, known = _known(logits, labels)
    shares = np.bincount(known, minlength=logits.shape[1]) / len(known)  # [C]

    def best_noise(log_temperature: float) -> tuple[float, float]:
        """The noise for a temperature, and the loss with it."""
        own = TaskCalibration(temperature=float(np.exp(log_temperature)))
        said = apply(known_logits, own)[np.arange(len(known)), known]  # [M]

        def loss(noise: float) -> float:
            mixed = (1 - noise) * said + noise * shares[known]  # [M]
            return float(-np.log(np.maximum(mixed, np.finfo(np.float64).tiny)).mean())

        noise = min((_least(loss, *_NOISES), 0.0), key=loss)
        return noise, loss(noise)

    grid = np.linspace(*_LOG_TEMPERATURES, _COARSE)
    best = min(grid, key=lambda value: best_noise(value)[1])
    width = grid[1] - grid[0]
    low, high = max(best - width, grid[0]), min(best + width, grid[-1])
    found = _least(lambda value: best_noise(value)[1], low, high)
    return TaskCalibration(
        temperature=float(np.exp(found)), noise=best_noise(found)[0], shares=tuple(shares.tolist())
    )


def fit_calibration(judged: Judged) -> Calibration:
    """A calibration of both tasks, from a validation split.

    Noise is kept where cross-validation over conversations finds the negative log likelihood
    lower by more than one standard error, and else the temperature alone.

    Args:
        judged: a task without labels stays as it is.
    """
    return Calibration(
        sentiment=_fit_task(judged, "sentiment"), emotion=_fit_task(judged, "emotion")
    )


def _fit_task(judged: Judged, task: Task) -> TaskCalibration:
    known = judged.labels(task) != NO_LABEL  # [M]
    if not known.any():
        return TaskCalibration()
    logits, labels = judged.logits(task)[known], judged.labels(task)[known]
    gains = _gains_of_noise(logits, labels, judged.conversation[known] % _FOLDS)
    if gains is not None and gains.mean() > gains.std(ddof=1) / len(gains) ** 0.5:
        return fit_temperature_and_noise(logits, labels)
    return TaskCalibration(temperature=fit_temperature(logits, labels))


def _gains_of_noise(logits: Logits, labels: Labels, folds: Labels) -> NDArray[np.float64] | None:
    """How much noise lowers the negative log likelihood of posts it was not fitted on, [M].

    None where there are too few conversations to tell.
    """
    if len(np.unique(folds)) < _FOLDS:
        return None
    gains = np.empty(len(labels))
    for fold in range(_FOLDS):
        own, others = folds == fold, folds != fold
        plain = TaskCalibration(temperature=fit_temperature(logits[others], labels[others]))
        noisy = fit_temperature_and_noise(logits[others], labels[others])
        gains[own] = surprises(apply(logits[own], plain), labels[own]) - surprises(
            apply(logits[own], noisy), labels[own]
        )
    return gains


def _known(logits: Logits, labels: Labels) -> tuple[Logits, Labels]:
    known = labels != NO_LABEL  # [M]
    if not known.any():
        raise ValueError("a calibration needs at least one post with a label")
    return logits[known], labels[known]


def _least(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least, by golden-section search (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > _PRECISION:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return (low + high) / 2
