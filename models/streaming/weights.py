"""Weights of torch modules as arrays."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Rows = NDArray[np.float32]
Layer = tuple[Rows, Rows]
"""Weight and bias, [out, in] and [out], or those of G groups stacked."""

LANES: Final = 16
"""Float32 numbers in a vector register; a GPU's matrix units take rows of as many bytes."""


def numbers(tensor: Tensor) -> Rows:
    """A copy in float32, on the CPU."""
    found: Rows = tensor.detach().float().cpu().numpy().copy()
    return found


def dense(layer: nn.Module) -> Layer:
    """Weight [out, in] and bias [out] of a linear layer.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"{type(layer).__name__} is no linear layer")
    return numbers(layer.weight), numbers(layer.bias)


def dense_layers(head: nn.Module) -> list[Layer]:
    """Weights and biases of the linear layers of a task's head, in their order."""
    return [dense(layer) for layer in head.children() if isinstance(layer, nn.Linear)]


def recurrent(grus: Sequence[object], part: Literal["ih", "hh"]) -> Layer:
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


def padded_width(width: int, lanes: int) -> int:
    """The least multiple of `lanes` that holds a head."""
    return -(-width // lanes) * lanes


def pad_heads(rows: Rows, heads: int, lanes: int) -> Rows:
    """Rows of heads with zeros behind each: [heads * width, …] -> [heads * padded width, …]."""
    width = len(rows) // heads
    padded = np.zeros((heads, padded_width(width, lanes), *rows.shape[1:]), np.float32)
    padded[:, :width] = rows.reshape(heads, width, *rows.shape[1:])
    return padded.reshape(-1, *rows.shape[1:])
