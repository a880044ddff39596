"""Weights of torch modules as arrays."""

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


def pad_heads(rows: Rows, heads: int) -> Rows:
    """Rows of heads with zeros behind each: [heads * width, …] -> [heads * padded width, …]."""
    width = len(rows) // heads
    padded = np.zeros((heads, padded_width(width), *rows.shape[1:]), np.float32)
    padded[:, :width] = rows.reshape(heads, width, *rows.shape[1:])
    return padded.reshape(-1, *rows.shape[1:])
