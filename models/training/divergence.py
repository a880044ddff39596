"""Ends a run whose numbers are none any more, and says what to change. Not for finding out why."""

import math
from typing import Final

import torch

from models.errors import TrainingDivergedError
from models.systems import System

_REMEDY: Final = (
    "begin anew with a lower optimiser.learning_rate, or look for extreme values in the features"
)


def require_finite_loss(loss: float, epoch: int, step: int) -> None:
    """Raise TrainingDivergedError unless the loss of a step, counted from 1, is a number."""
    if not math.isfinite(loss):
        raise TrainingDivergedError(f"the loss is {loss} in epoch {epoch}, step {step}; {_REMEDY}")


def require_finite_weights(system: System, epoch: int) -> None:
    """Raise TrainingDivergedError unless every weight is finite after the steps of an epoch.

    A step's loss is of the weights before it: what the last step of an epoch broke shows in them.
    """
    for name, own in system.named_parameters():
        if not bool(torch.isfinite(own).all()):
            raise TrainingDivergedError(
                f"the weights {name} are no numbers after epoch {epoch}; {_REMEDY}"
            )
