"""ABSA, a baseline of the paper (its reference 5): BiLSTM, graph convolutions, attention; text.

It sees each post alone. Its form is the one that the paper gives with Fig. 3; how it differs from
the reference is in docs/decisions/0010-baselines.md.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.layers.graph import GraphConvolution, chain_adjacency, normalise_adjacency
from models.layers.normalise import InputNormalisation
from models.layers.pooling import AttentionPooling
from models.layers.recurrence import BidirectionalLstm
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.heads import OrLearned, TaskHeads
from models.systems.posts import presence_of
from models.tmsam import Logits
from models.training.batches import Batch


class AbsaSystem(System):
    """BiLSTM over token vectors, two graph convolutions over the dependency tree, attention.

    Posts without dependency edges get the chain of their tokens.

    Args:
        config: input widths, width of the states (`context_width`), heads and dropout.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__(config)
        self.width = 2 * config.context_width
        self.text = _SyntaxEncoder(config.widths[0], config)
        self.or_learned = OrLearned(self.width)
        self.heads = TaskHeads(self.width, config)

    def forward(self, batch: Batch) -> Logits:
        """See `System.forward`."""
        posts = self.vectors(batch, "text", self.text, self.width, graph=True)  # [B, N, 800]
        logits: Logits = self.heads(self.or_learned(posts, presence_of(batch, self.device), "text"))
        return logits

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """See `System.input_layers`."""
        return {"text": self.text.normalise}


class _SyntaxEncoder(nn.Module):
    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__()
        inner = config.context_width
        self.normalise = InputNormalisation(width)
        self.recurrence = BidirectionalLstm(width, inner)
        self.graph_in = GraphConvolution(inner, inner)
        self.graph_out = GraphConvolution(inner, inner)
        self.pooling = AttentionPooling(2 * inner)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, steps: Tensor, mask: Tensor, adjacency: Tensor | None) -> Tensor:
        """[P, L, width], [P, L] and [P, L, L] -> [P, 800]."""
        graph = normalise_adjacency(chain_adjacency(mask) if adjacency is None else adjacency)
        scaled = self.dropout(self.normalise(steps, mask))  # [P, L, width]
        states = self.dropout(self.recurrence(scaled, mask.sum(dim=1)))  # [P, L, 400]
        nodes = self.dropout(self.graph_in(states, graph))  # [P, L, 400]
        nodes = self.graph_out(nodes, graph)  # [P, L, 400]
        pooled: Tensor = self.pooling(torch.cat((states, nodes), dim=-1), mask)  # [P, 800]
        return pooled
