"""The loss of both tasks, masked where a post lacks a task's label (Eq. 10)."""

import torch
from torch import Tensor
from torch.nn import functional

from models.tmsam import Logits
from models.training.corpus import NO_LABEL


def task_loss(
    logits: Tensor, labels: Tensor, weights: Tensor | None = None, binary: bool = False
) -> Tensor:
    """Mean loss over the posts that have a label; 0 where none has.

    Args:
        logits: [B, N, C].
        labels: [B, N], NO_LABEL where there is none.
        weights: [C] by class, or None.
        binary: binary cross entropy over the classes (Table III) instead of cross entropy.

    Returns:
        A scalar.
    """
    known = labels != NO_LABEL  # [B, N]
    if not known.any():
        return logits.sum() * 0.0
    chosen, wanted = logits[known], labels[known]  # [M, C], [M]
    if not binary:
        return functional.cross_entropy(chosen, wanted, weights)
    one_hot = functional.one_hot(wanted, chosen.shape[1]).to(chosen.dtype)  # [M, C]
    scale = None if weights is None else weights[wanted][:, None]  # [M, 1]
    return functional.binary_cross_entropy_with_logits(chosen, one_hot, scale)


def joint_loss(
    logits: Logits,
    sentiment: Tensor,
    emotion: Tensor,
    weights: tuple[Tensor, Tensor] | None = None,
    binary: bool = False,
) -> Tensor:
    """Sum of both tasks' losses; labels [B, N] each."""
    own = (None, None) if weights is None else weights
    return task_loss(logits.sentiment, sentiment, own[0], binary) + task_loss(
        logits.emotion, emotion, own[1], binary
    )


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
