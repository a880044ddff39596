"""Ends a run whose numbers are none any more, and says what to change. Not for finding out why."""

import math
from typing import Final

import torch

from models.errors import TrainingDivergedError
from models.systems import System

_LARGEST: Final = torch.finfo(torch.float16).max
_REMEDY: Final = (
    "begin anew with a lower optimiser.learning_rate, or look for extreme values in the features"
)


def require_finite_loss(loss: float, epoch: int, step: int) -> None:
    """Raise TrainingDivergedError unless the loss of a step, counted from 1, is a number."""
    if not math.isfinite(loss):
        raise TrainingDivergedError(f"the loss is {loss} in epoch {epoch}, step {step}; {_REMEDY}")


def require_sound_weights(system: System, epoch: int) -> None:
    """Raise TrainingDivergedError unless every weight after the steps of an epoch can be written.

    A step's loss is of the weights before it: what the last step of an epoch broke shows in them.
    Weights are written as float16, which holds nothing above 65,504.
    """
    for name, own in system.named_parameters():
        if not bool((own.abs() <= _LARGEST).all()):  # false for NaN too
            raise TrainingDivergedError(
                f"the weights {name} are no numbers after epoch {epoch}, or above {_LARGEST:,.0f}; "
                f"{_REMEDY}"
            )
