"""Steps 1-2 of the network: the steps of one modality of one post become one vector.

It sees one post alone, so its result can be kept and used in every later window. Not for the
conversation: that is `models.tmsam`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import ModelError
from models.layers.graph import GraphConvolution, chain_adjacency, normalise_adjacency
from models.layers.normalise import InputNormalisation
from models.layers.pooling import AttentionPooling, masked_mean
from models.layers.recurrence import BidirectionalGru
from models.presets import TmsamConfig


class StepsEncoder(nn.Module):
    """Convolution over the steps, ReLU and masked mean (Eq. 1-2).

    The convolution pads with kernel // 2 zeros on both sides: every step keeps its place and a
    post of one step is valid. The paper's "no padding" would leave nothing of a post shorter
    than the kernel.

    Args:
        width: numbers per step of the modality.
        config: sizes of the network.
    """

    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__()
        self.width = width
        self.normalise = InputNormalisation(width)
        self.convolution = nn.Conv1d(
            width, config.post_width, config.kernel, padding=config.kernel // 2
        )

    def check(self, steps: Tensor, mask: Tensor) -> None:
        """Raise ModelError unless steps are [P, L, width] and the mask [P, L] of bool."""
        if steps.ndim != 3 or steps.shape[2] != self.width or steps.shape[1] == 0:
            raise ModelError(f"steps must be [P, L > 0, {self.width}], not {list(steps.shape)}")
        if mask.shape != steps.shape[:2] or mask.dtype != torch.bool:
            raise ModelError(
                f"mask must be bool {list(steps.shape[:2])}, not {mask.dtype} {list(mask.shape)}"
            )

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """One vector a post.

        Args:
            steps: [P, L, width].
            mask: [P, L], True for a prefix of real steps.

        Returns:
            [P, post_width].

        Raises:
            ModelError: the shapes are others.
        """
        self.check(steps, mask)
        return self.pool(self.normalise(steps, mask), mask)

    def pool(self, scaled: Tensor, mask: Tensor) -> Tensor:
        """Convolution and mean of normalised steps: [P, L, width] -> [P, post_width]."""
        local = functional.relu(self.convolution(scaled.transpose(1, 2)))  # [P, post, L]
        return masked_mean(local.transpose(1, 2), mask)  # [P, post]


class TextEncoderBranch(StepsEncoder):
    """The text's branch: beside the convolution, BiGRU, two graph convolutions and pooling.

    The two vectors are mixed by a learned gate (Fig. 3 settled: both views, one width).

    Args:
        width: numbers per token.
        config: sizes of the network.
    """

    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__(width, config)
        inner = config.context_width
        self.recurrence = BidirectionalGru(width, inner)
        self.graph_in = GraphConvolution(inner, inner)
        self.graph_out = GraphConvolution(inner, config.post_width)
        self.pooling = AttentionPooling(config.post_width)
        self.gate = nn.Linear(2 * config.post_width, config.post_width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, steps: Tensor, mask: Tensor, adjacency: Tensor | None = None) -> Tensor:
        """One vector a post.

        Args:
            steps: [P, L, width], token vectors.
            mask: [P, L], True for a prefix of real tokens.
            adjacency: [P, L, L], 1 where two tokens are joined; None: neighbouring tokens.

        Returns:
            [P, post_width].

        Raises:
            ModelError: the shapes are others.
        """
        self.check(steps, mask)
        if adjacency is None:
            adjacency = chain_adjacency(mask)
        elif adjacency.shape != (*mask.shape, mask.shape[1]):
            raise ModelError(
                f"adjacency must be {[*mask.shape, mask.shape[1]]}, not {list(adjacency.shape)}"
            )
        scaled = self.normalise(steps, mask)  # [P, L, width]
        local = self.pool(scaled, mask)  # [P, post]
        graph = normalise_adjacency(adjacency)  # [P, L, L]
        tokens = self.recurrence(scaled, mask.sum(dim=1))  # [P, L, inner]
        tokens = self.graph_in(self.dropout(tokens), graph)  # [P, L, inner]
        tokens = self.graph_out(tokens, graph)  # [P, L, post]
        linked = self.pooling(tokens, mask)  # [P, post]
        gate = torch.sigmoid(self.gate(torch.cat((local, linked), dim=-1)))  # [P, post]
        mixed: Tensor = gate * local + (1.0 - gate) * linked  # [P, post]
        return mixed
