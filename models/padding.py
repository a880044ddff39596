"""From arrays of different lengths to one padded tensor with its mask."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def pad_steps(
    posts: Sequence[NDArray[np.float32] | NDArray[np.float16]],
) -> tuple[Tensor, Tensor]:
    """Posts of one modality as one tensor.

    Args:
        posts: at least one, each [steps, width], steps >= 1.

    Returns:
        [P, L, width] float32 with zeros after each post's end, and the mask [P, L].
    """
    longest = max(len(steps) for steps in posts)
    padded = np.zeros((len(posts), longest, posts[0].shape[1]), np.float32)
    mask = np.zeros((len(posts), longest), np.bool_)
    for row, steps in enumerate(posts):
        padded[row, : len(steps)] = steps
        mask[row, : len(steps)] = True
    return torch.from_numpy(padded), torch.from_numpy(mask)
