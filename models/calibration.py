"""What makes a checkpoint's probabilities mean what they say: a temperature for each task.

Not for fitting or judging it: that is `models.evaluation.calibration`.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.schemas.labels import EMOTIONS, SENTIMENTS


class TaskCalibration(BaseModel):
    """How one task's logits become probabilities: softmax(logits / temperature + bias).

    Attributes:
        temperature: above 1 makes the network less sure, below 1 surer; 1 changes nothing.
        bias: added to each class, in log odds; None: nothing. Unlike the temperature it can
            change which class is the most probable one.

    Source: Guo et al. 2017, ICML; the bias is that of their vector scaling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    bias: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _is_finite(self) -> "TaskCalibration":
        if self.bias is not None and not np.isfinite(self.bias).all():
            raise ValueError(f"bias must be finite, not {self.bias}")
        return self


class Calibration(BaseModel):
    """Of both tasks; without arguments it changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentiment: TaskCalibration = TaskCalibration()
    emotion: TaskCalibration = TaskCalibration()

    @model_validator(mode="after")
    def _fits_the_classes(self) -> "Calibration":
        for task, own, classes in (
            ("sentiment", self.sentiment, len(SENTIMENTS)),
            ("emotion", self.emotion, len(EMOTIONS)),
        ):
            if own.bias is not None and len(own.bias) != classes:
                raise ValueError(f"{task} has {classes} classes, but {len(own.bias)} biases")
        return self


def apply(
    logits: NDArray[np.float32] | NDArray[np.float64], calibration: TaskCalibration
) -> NDArray[np.float64]:
    """Calibrated probabilities.

    Args:
        logits: [..., C], as a head of the network gives them.
        calibration: of that head's task.

    Returns:
        [..., C], each row sums to 1.
    """
    scores = logits.astype(np.float64) / calibration.temperature  # [..., C]
    if calibration.bias is not None:
        scores += np.asarray(calibration.bias)
    scores -= scores.max(axis=-1, keepdims=True)
    odds = np.exp(scores)
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    return probabilities
