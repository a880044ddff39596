"""The loss of both tasks, masked where a post lacks a task's label (Eq. 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.tmsam import Logits
from models.training.batches import Batch
from models.training.config import LossConfig, Task
from models.training.corpus import NO_LABEL

CLASSES: Final[Mapping[Task, int]] = {"sentiment": len(SENTIMENTS), "emotion": len(EMOTIONS)}


@dataclass(frozen=True, slots=True)
class JointLoss:
    """Sum of the losses of the tasks that count.

    Attributes:
        tasks: which.
        settings: kind of the loss, and how it meets rare classes.
        weights: for each data set, task -> [C] by class, since each has shares of its own; none:
            every class counts alike.
    """

    tasks: Sequence[Task]
    settings: LossConfig = field(default_factory=LossConfig)
    weights: Sequence[Mapping[Task, Tensor]] = ()

    def __call__(self, logits: Logits, batch: Batch) -> Tensor:
        """A scalar, on the logits' device."""
        binary = self.settings.kind == "binary_cross_entropy"
        gamma = self.settings.focal_gamma if self.settings.imbalance == "focal" else 0.0
        weights = self.weights[batch.source] if self.weights else {}
        own = [
            task_loss(getattr(logits, task), getattr(batch, task), weights.get(task), binary, gamma)
            for task in self.tasks
        ]
        return torch.stack(own).sum()


def task_loss(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
    binary: bool = False,
    focal_gamma: float = 0.0,
) -> Tensor:
    """Mean loss over the posts that have a label; 0 where none has.

    Args:
        logits: [B, N, C].
        labels: [B, N], NO_LABEL where there is none; on the CPU or with the logits.
        weights: [C] by class, or None; the mean is weighted by them.
        binary: mean binary cross entropy over the classes (Table III) instead of cross entropy.
        focal_gamma: a post counts by (1 - probability of its label) to this power.

    Returns:
        A scalar.

    Source: Lin et al. 2017, "Focal loss for dense object detection", ICCV.
    """
    known = (labels.flatten() != NO_LABEL).nonzero().squeeze(1)  # [M]
    if not len(known):
        return logits.sum() * 0.0
    chosen = logits.flatten(0, 1).float()[known.to(logits.device)]  # [M, C]
    wanted = labels.flatten()[known].to(logits.device)  # [M]
    if binary:
        one_hot = functional.one_hot(wanted, chosen.shape[1]).to(chosen.dtype)  # [M, C]
        losses = functional.binary_cross_entropy_with_logits(chosen, one_hot, reduction="none")
        losses = (_focused(losses, focal_gamma)).mean(dim=1)  # [M]
    else:
        losses = functional.cross_entropy(chosen, wanted, reduction="none")  # [M]
        losses = _focused(losses, focal_gamma)
    if weights is None:
        return losses.mean()
    own = weights.to(losses.device)[wanted]  # [M]
    return (losses * own).sum() / own.sum()


def balanced_weights(labels: Tensor, classes: int) -> Tensor:
    """Weights by the inverse square root of a class's share, 1 on average over the posts.

    Args:
        labels: any shape, NO_LABEL where there is none.
        classes: C.

    Returns:
        [C]; a class that never occurs has weight 0.
    """
    counts = torch.bincount(labels[labels != NO_LABEL], minlength=classes).float()  # [C]
    weights = torch.where(counts > 0, counts.clamp(min=1.0).rsqrt(), 0.0)  # [C]
    return weights * counts.sum() / (weights * counts).sum().clamp(min=1e-12)


def _focused(losses: Tensor, gamma: float) -> Tensor:
    if gamma == 0.0:
        return losses
    wrong = -torch.expm1(-losses)  # 1 - probability of what is right
    focused: Tensor = wrong.clamp(min=1e-12) ** gamma * losses
    return focused
