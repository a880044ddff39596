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
_GOLDEN: Final = (5**0.5 - 1) / 2
_SEARCH_STEPS: Final = 60
_FOLDS: Final = 5
_BIAS_PENALTY: Final = 1e-3
_NEWTON_STEPS: Final = 50
_HALVINGS: Final = 30

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


def fit_temperature_and_bias(logits: Logits, labels: Labels) -> TaskCalibration:
    """Temperature and a bias a class with the least negative log likelihood.

    A small quadratic penalty keeps the bias of a class that never occurs finite.

    Args:
        logits: [M, C] of a validation split.
        labels: [M]; rows with NO_LABEL are left out.

    Raises:
        ValueError: no row has a label.

    Source: Guo et al. 2017, ICML, vector scaling with one scale for all classes.
    """
    known_logits, known = _known(logits, labels)
    scores, truth = known_logits.astype(np.float64), np.eye(logits.shape[1])[known]  # [M, C]
    point = np.array([1 / fit_temperature(logits, labels), *np.zeros(logits.shape[1])])  # [1 + C]
    loss = _penalised_loss(scores, truth, point)
    for _ in range(_NEWTON_STEPS):
        step = _newton_step(scores, truth, point)  # [1 + C]
        shorter = (step / 2**halvings for halvings in range(_HALVINGS))
        better = next(
            (own for own in shorter if _penalised_loss(scores, truth, point - own) < loss), None
        )
        if better is None:
            break
        point = point - better
        loss = _penalised_loss(scores, truth, point)
    low, high = np.exp(_LOG_TEMPERATURES)
    temperature = float(np.clip(1 / max(point[0], 1 / high), low, high))
    return TaskCalibration(temperature=temperature, bias=tuple(point[1:].tolist()))


def fit_calibration(judged: Judged) -> Calibration:
    """A calibration of both tasks, from a validation split.

    A bias is kept where cross-validation over conversations finds the negative log likelihood
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
    gains = _gains_of_bias(logits, labels, judged.conversation[known] % _FOLDS)
    if gains is not None and gains.mean() > gains.std(ddof=1) / len(gains) ** 0.5:
        return fit_temperature_and_bias(logits, labels)
    return TaskCalibration(temperature=fit_temperature(logits, labels))


def _gains_of_bias(logits: Logits, labels: Labels, folds: Labels) -> NDArray[np.float64] | None:
    """How much a bias lowers the negative log likelihood of posts it was not fitted on, [M].

    None where there are too few conversations to tell.
    """
    if len(np.unique(folds)) < _FOLDS:
        return None
    gains = np.empty(len(labels))
    for fold in range(_FOLDS):
        own, others = folds == fold, folds != fold
        plain = TaskCalibration(temperature=fit_temperature(logits[others], labels[others]))
        biased = fit_temperature_and_bias(logits[others], labels[others])
        gains[own] = surprises(apply(logits[own], plain), labels[own]) - surprises(
            apply(logits[own], biased), labels[own]
        )
    return gains


def _penalised_loss(
    scores: NDArray[np.float64], truth: NDArray[np.float64], point: NDArray[np.float64]
) -> float:
    """Mean cross entropy of softmax(scale * scores + bias), and the penalty of the bias.

    Args:
        scores: [M, C].
        truth: [M, C], one-hot.
        point: [1 + C], scale and bias.
    """
    moved = scores * point[0] + point[1:]  # [M, C]
    top = moved.max(axis=1)
    log_sum = np.log(np.exp(moved - top[:, None]).sum(axis=1)) + top  # [M]
    entropy = (log_sum - (moved * truth).sum(axis=1)).mean()
    return float(entropy + _BIAS_PENALTY * (point[1:] ** 2).sum())


def _newton_step(
    scores: NDArray[np.float64], truth: NDArray[np.float64], point: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Hessian^-1 gradient of the penalised loss, [1 + C]; it is convex."""
    classes = scores.shape[1]
    probs = apply(scores * point[0], TaskCalibration(bias=tuple(point[1:])))  # [M, C]
    mean_score = (probs * scores).sum(axis=1, keepdims=True)  # [M, 1]
    gradient = np.empty(1 + classes)
    gradient[0] = ((probs - truth) * scores).sum(axis=1).mean()
    gradient[1:] = (probs - truth).mean(axis=0) + 2 * _BIAS_PENALTY * point[1:]
    hessian = np.empty((1 + classes, 1 + classes))
    hessian[0, 0] = (probs * (scores - mean_score) ** 2).sum(axis=1).mean()
    hessian[0, 1:] = hessian[1:, 0] = (probs * (scores - mean_score)).mean(axis=0)
    hessian[1:, 1:] = np.diag(probs.mean(axis=0)) - probs.T @ probs / len(probs)
    hessian[1:, 1:] += 2 * _BIAS_PENALTY * np.eye(classes)
    damped = hessian + 1e-9 * np.eye(1 + classes)
    return np.linalg.solve(damped, gradient).astype(np.float64)


def _known(logits: Logits, labels: Labels) -> tuple[Logits, Labels]:
    known = labels != NO_LABEL  # [M]
    if not known.any():
        raise ValueError("a calibration needs at least one post with a label")
    return logits[known], labels[known]


def _least(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least, by golden-section search (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_SEARCH_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return (low + high) / 2
