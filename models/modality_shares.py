"""How much each modality of a post carried its scores, cheap enough for every prediction.

One product with the gradient, which the heads give in closed form. Not the full explanation, and
not what removing a modality would do: `models.explanation` measures that.
"""

from typing import Final

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.tmsam import Tmsam

LEAST_PART: Final = (
    1e-12  # a present modality's part, so that shares exist where no modality has any
)


class ModalityShares:
    """Shares of the modalities by gradient times input.

    The input is a post's joined vector, a slice a modality, measured from that of a post that
    lacks everything; the gradient is that of the log odds of each task's most probable label.

    Args:
        network: in evaluation mode, on its device.

    Source: Shrikumar et al. 2016, "Not just a black box", arXiv:1605.01713, with the reference
    input of their 2017 DeepLIFT.
    """

    def __init__(self, network: Tmsam) -> None:
        self._network = network
        self._reference = joined_of_nothing(network)  # [1, 1, 1200]

    def __call__(self, joined: Tensor, fusion: Tensor, present: Tensor) -> Tensor:
        """Shares of posts.

        Args:
            joined: [B, T, 1200], from `Tmsam.fuse`.
            fusion: [B, T, 1200], from the same call.
            present: [B, T, 3] of bool, at least one a post.

        Returns:
            [B, T, 3], double, each row sums to 1, 0 where absent. The mean of both tasks.
        """
        if not (present.sum(dim=-1) > 1).any():
            return present.double()
        return self.measured(joined, fusion, present)

    def measured(self, joined: Tensor, fusion: Tensor, present: Tensor) -> Tensor:
        """The same by the formula alone, which looks at no number: it can be captured as a graph.

        A post that has nothing, as padding does, gets NaN.
        """
        moved = joined - self._reference  # [B, T, 1200]
        shares = [self._shares(head, moved, fusion, present) for head in self._network.heads]
        return torch.stack(shares).mean(dim=0)  # [B, T, 3]

    def _shares(self, head: nn.Module, moved: Tensor, fusion: Tensor, present: Tensor) -> Tensor:
        slope = log_odds_gradient(head, fusion)  # [B, T, 1200]
        if not self._network.config.residual:  # then a post reaches its fusion as a value alone
            attention = self._network.fusion
            slope = slope @ attention.out.weight @ attention.value.weight  # [B, T, 1200]
        slices = (slope * moved).reshape(*present.shape, -1)  # [B, T, 3, 400]
        sizes = slices.sum(dim=-1).double().abs().clamp(min=LEAST_PART) * present  # [B, T, 3]
        shares: Tensor = sizes / sizes.sum(dim=-1, keepdim=True)
        return shares


def joined_of_nothing(network: Tmsam) -> Tensor:
    """The joined vector, [1, 1, 1200], of a post alone in its window that lacks everything."""
    count, device = len(MODALITIES), network.missing.device
    with torch.inference_mode():
        return network.fuse(
            torch.zeros(1, 1, count, network.config.post_width, device=device),
            torch.zeros(1, 1, count, dtype=torch.bool, device=device),
            torch.ones(1, 1, dtype=torch.bool, device=device),
        ).joined


def log_odds_gradient(head: nn.Module, rows: Tensor) -> Tensor:
    """Gradient of the log odds of the most probable class by the rows that a head reads.

    Args:
        head: linear layers with ReLU between; dropout in evaluation mode.
        rows: [..., width].

    Returns:
        [..., width].
    """
    layers = list(head.children())
    active = []
    for layer in layers:
        rows = layer(rows)
        if isinstance(layer, nn.ReLU):
            active.append(rows > 0)
    classes = torch.arange(rows.shape[-1], device=rows.device)
    best = rows.argmax(dim=-1, keepdim=True) == classes  # [..., classes]
    others = rows.masked_fill(best, -torch.inf).softmax(dim=-1)  # [..., classes]
    slope = best.to(rows.dtype) - others
    for layer in reversed(layers):
        if isinstance(layer, nn.Linear):
            slope = slope @ layer.weight
        elif isinstance(layer, nn.ReLU):
            slope = slope * active.pop()
    return slope
