"""Input normalisation with the mean and deviation of the training split, kept in the weights."""

import torch
from torch import Tensor, nn

LEAST_DEVIATION = 1e-4  # below it, what varies is the rounding of float16
FURTHEST = 10.0  # deviations from the mean; a value beyond is an outlier and tells no more


class InputNormalisation(nn.Module):
    """Takes each feature to mean 0 and deviation 1, as measured on training data, within bounds.

    The bounds keep one odd number of one post from carrying the whole network away.

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
        """Set the statistics, [width] each; a feature that hardly varies keeps deviation 1."""
        self.mean.copy_(mean)
        self.deviation.copy_(torch.where(deviation > LEAST_DEVIATION, deviation, 1.0))

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """[P, L, width] and [P, L] -> [P, L, width], zeros where the mask is False."""
        scaled = (steps - self.mean) / self.deviation  # [P, L, width]
        scaled = scaled.clamp(-FURTHEST, FURTHEST)
        return scaled.masked_fill(~mask[:, :, None], 0.0)
