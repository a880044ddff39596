"""What makes a checkpoint's probabilities mean what they say, for each task.

Not for fitting or judging it: that is `models.evaluation.calibration`.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, model_validator

from connectors.schemas.labels import EMOTIONS, SENTIMENTS


class TaskCalibration(BaseModel):
    """How one task's logits become probabilities.

    (1 - noise) softmax(logits / temperature) + noise * shares: with probability `noise` a label
    is taken to be none that the post could tell, but drawn as the classes are frequent.

    Attributes:
        temperature: above 1 makes the network less sure, below 1 surer; 1 changes nothing.
        noise: how much of the shares is mixed in. A temperature alone must make a network that
            is now and then sure and wrong unsure of everything.
        shares: of the classes where it was fitted, summing to 1; there where noise is above 0.

    Source: Guo et al. 2017, ICML, for the temperature; Zhang et al. 2020, ICML (Mix-n-Match), for
    mixing, here with the shares of the classes in place of equal ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    noise: float = Field(0.0, ge=0, lt=1)
    shares: tuple[NonNegativeFloat, ...] | None = None

    @model_validator(mode="after")
    def _shares_are_some(self) -> "TaskCalibration":
        if self.noise > 0 and self.shares is None:
            raise ValueError("noise above 0 needs the shares of the classes")
        if self.shares is not None and not np.isclose(sum(self.shares), 1.0, atol=1e-6):
            raise ValueError(f"shares must sum to 1, not {sum(self.shares)}")
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
            if own.shares is not None and len(own.shares) != classes:
                raise ValueError(f"{task} has {classes} classes, but {len(own.shares)} shares")
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
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    if calibration.shares is None:
        return probabilities
    return (1 - calibration.noise) * probabilities + calibration.noise * np.array(
        calibration.shares
    )
