"""Edges of a picture: how sharp, how strong, and which way they run. Not for colours."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

DIRECTIONS: Final = 4
_LEAST_VARIANCE: Final = 1e-6


def edge_numbers(luma: NDArray[np.float64]) -> list[float]:
    """Sharpness, mean strength, and shares of four directions.

    Args:
        luma: in [0, 1], [H, W]. Its border is repeated, so that it makes no edge.

    Returns:
        log10 of the variance of the Laplacian (Pech-Pacheco et al. 2000, ICPR), at least -6; mean
        gradient by central differences; shares of the gradient by the edge's direction (upright,
        rising, level, falling; after Dalal & Triggs 2005, CVPR), all 0 where there is no edge.
    """
    padded = np.pad(luma, 1, mode="edge")
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    laplacian = (
        padded[1:-1, 2:] + padded[1:-1, :-2] + padded[2:, 1:-1] + padded[:-2, 1:-1] - 4 * luma
    )
    strength = np.hypot(across, down)
    # the gradient's angle modulo half a turn; 0 is across, which is an upright edge
    turn = np.arctan2(down, across) / np.pi * DIRECTIONS
    direction = np.floor(turn + 0.5).astype(int) % DIRECTIONS
    shares = np.bincount(direction.ravel(), strength.ravel(), minlength=DIRECTIONS)
    total = shares.sum()
    return [
        float(np.log10(max(float(laplacian.var()), _LEAST_VARIANCE))),
        float(strength.mean()),
        *(shares / total if total > 0 else shares),
    ]
