"""Costs from sums: which costs of parts, none below 0, explain what several runs used. Pure.

Source: non-negative least squares (Lawson & Hanson 1974, Solving Least Squares Problems, 23).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True, slots=True)
class Equation:
    """A run: how many of each part it had, and what it used in all, above 0."""

    parts: Sequence[float]
    used: float


def solve(names: Sequence[str], equations: Sequence[Equation]) -> dict[str, float]:
    """The cost of each part by name, so that relative errors are least.

    Raises:
        ValueError: fewer runs than parts.
    """
    if len(equations) < len(names):
        raise ValueError(
            f"{len(equations)} runs cannot tell {len(names)} costs apart: measure more"
        )
    parts = np.array([np.array(each.parts) / each.used for each in equations])
    scale = parts.max(axis=0)
    scale[scale == 0] = 1.0
    found, _ = nnls(parts / scale, np.ones(len(equations)))
    return dict(zip(names, (found / scale).tolist(), strict=True))
