"""From the steps of a post to one vector: masked mean and attention pooling."""

import torch
from torch import Tensor, nn


def masked_mean(rows: Tensor, mask: Tensor) -> Tensor:
    """Mean over the real steps; zeros for a row without any.

    Args:
        rows: [P, L, D].
        mask: [P, L], True for a real step.

    Returns:
        [P, D].
    """
    weight = mask.to(rows.dtype)[:, :, None]  # [P, L, 1]
    return (rows * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1.0)  # [P, D]


class AttentionPooling(nn.Module):
    """Mean weighted by how well a step answers a learned query.

    Args:
        width: D, numbers per step.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, 1)

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        """[P, L, D] and [P, L] -> [P, D]; a row without real steps gives a finite vector."""
        energy = self.query(torch.tanh(rows)).squeeze(-1)  # [P, L]
        energy = energy.masked_fill(~mask, torch.finfo(rows.dtype).min)
        weight = torch.softmax(energy, dim=1)[:, :, None]  # [P, L, 1]
        return (rows * weight).sum(dim=1)  # [P, D]
