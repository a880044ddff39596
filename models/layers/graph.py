"""Graph convolution over the tokens of a post (Fig. 3), and the graph used when none is given."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def chain_adjacency(mask: Tensor) -> Tensor:
    """The graph of neighbouring tokens: token i is joined to i - 1 and i + 1.

    Envelopes carry no dependency tree; this stands in for it (docs/decisions/0004-text-graph.md).

    Args:
        mask: [P, L], True for a real token.

    Returns:
        [P, L, L], 0 or 1, symmetric, no self loops.
    """
    length = mask.shape[1]
    chain = torch.ones(length, length, device=mask.device).tril(1).triu(-1)  # [L, L]
    chain.fill_diagonal_(0.0)
    real = mask.to(chain.dtype)  # [P, L]
    return chain * real[:, :, None] * real[:, None, :]  # [P, L, L]


def normalise_adjacency(adjacency: Tensor) -> Tensor:
    """Add self loops and scale by the degrees: D^-1/2 (A + I) D^-1/2.

    Args:
        adjacency: [P, L, L], non-negative, symmetric.

    Returns:
        [P, L, L].

    Source: Kipf & Welling 2017, "Semi-supervised classification with graph convolutional
    networks", ICLR.
    """
    looped = adjacency + torch.eye(adjacency.shape[1], device=adjacency.device)  # [P, L, L]
    scale = looped.sum(dim=2).rsqrt()  # [P, L]
    return looped * scale[:, :, None] * scale[:, None, :]  # [P, L, L]


class GraphConvolution(nn.Module):
    """One layer: neighbours averaged, then a dense layer and ReLU.

    Args:
        width: numbers per token that come in.
        out_width: numbers per token that go out.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, out_width)

    def forward(self, tokens: Tensor, graph: Tensor) -> Tensor:
        """[P, L, width] and the normalised graph [P, L, L] -> [P, L, out_width]."""
        return functional.relu(torch.bmm(graph, self.dense(tokens)))  # [P, L, out]
