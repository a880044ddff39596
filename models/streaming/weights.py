"""Weights of torch modules as arrays."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import Tensor, nn

from models.streaming.arithmetic import Rows
from models.streaming.attention import padded_width


def numbers(tensor: Tensor) -> Rows:
    """A copy in float32, on the CPU."""
    found: Rows = tensor.detach().float().cpu().numpy().copy()
    return found


def dense(layer: nn.Module) -> tuple[Rows, Rows]:
    """Weight [out, in] and bias [out] of a linear layer.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"{type(layer).__name__} is no linear layer")
    return numbers(layer.weight), numbers(layer.bias)


def dense_layers(head: nn.Module) -> list[tuple[Rows, Rows]]:
    """Weights and biases of the linear layers of a task's head, in their order."""
    return [dense(layer) for layer in head.children() if isinstance(layer, nn.Linear)]


def recurrent(grus: Sequence[object], part: Literal["ih", "hh"]) -> tuple[Rows, Rows]:
    """Weights [G, 3 * width, in] and biases [G, 3 * width] of one-layer, one-way GRUs.

    Args:
        grus: of one shape.
        part: `ih` for the products of inputs, `hh` for those of states.

    Raises:
        TypeError: one is no GRU.
    """
    if not all(isinstance(gru, nn.GRU) for gru in grus):
        raise TypeError(f"no GRUs: {[type(gru).__name__ for gru in grus]}")
    return (
        np.stack([numbers(getattr(gru, f"weight_{part}_l0")) for gru in grus]),
        np.stack([numbers(getattr(gru, f"bias_{part}_l0")) for gru in grus]),
    )


def pad_heads(rows: Rows, heads: int) -> Rows:
    """Rows of heads with zeros behind each: [heads * width, …] -> [heads * padded width, …]."""
    width = len(rows) // heads
    padded = np.zeros((heads, padded_width(width), *rows.shape[1:]), np.float32)
    padded[:, :width] = rows.reshape(heads, width, *rows.shape[1:])
    return padded.reshape(-1, *rows.shape[1:])
