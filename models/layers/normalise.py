"""Input normalisation with the mean and deviation of the training split, kept in the weights."""

import torch
from torch import Tensor, nn


class InputNormalisation(nn.Module):
    """Takes each feature to mean 0 and deviation 1, as measured on training data.

    Args:
        width: numbers per step. Until `fit`, the layer passes its input on.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("deviation", torch.ones(width))

    def fit(self, mean: Tensor, deviation: Tensor) -> None:
        """Set the statistics, [width] each; a feature that never varies keeps deviation 1."""
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(deviation > 0, deviation, 1.0))

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """[P, L, width] and [P, L] -> [P, L, width], zeros where the mask is False."""
        scaled = (steps - self.mean) / self.deviation  # [P, L, width]
        return scaled.masked_fill(~mask[:, :, None], 0.0)
