"""The simplex, where shares live: at least 0 each and 1 together."""

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ROUNDING: Final = 1e-9

Array = NDArray[np.float64]


def project(points: Array) -> Array:
    """The nearest point of the simplex to each point.

    Args:
        points: [..., C], finite.

    Returns:
        [..., C].

    Source: Duchi et al. 2008, ICML, figure 1.
    """
    descending = -np.sort(-points, axis=-1)  # [..., C]
    places = np.arange(1, points.shape[-1] + 1)
    surplus = (np.cumsum(descending, axis=-1) - 1.0) / places  # [..., C]
    support = np.sum(descending > surplus, axis=-1, keepdims=True)  # [..., 1], at least 1
    shift = np.take_along_axis(surplus, support - 1, axis=-1)
    projected: Array = np.maximum(points - shift, 0.0)
    return projected


def least_squares(rows: Array, target: Array) -> Array:
    """The mixture of rows that comes nearest to a target: argmin over the simplex of |p rows - q|.

    Exact: a minimum on the simplex is the minimum on the face that its positive entries span, so
    every face is solved and the best of those that stay in the simplex taken. 2^C - 1 faces, for
    the handful of classes that a task has.

    Args:
        rows: [..., C, W], one a class; linearly independent.
        target: [..., W].

    Returns:
        [..., C].

    Source: the constrained solution that Bunse 2022 (LQ workshop, "On multi-class extensions of
    adjusted classify and count") recommends over the inverse, which can leave the simplex.
    """
    classes = rows.shape[-2]
    gram = rows @ np.swapaxes(rows, -1, -2)  # [..., C, C]
    pull = (rows @ target[..., None])[..., 0]  # [..., C]
    shape = np.broadcast_shapes(gram.shape[:-2], pull.shape[:-1])
    flat_gram = np.broadcast_to(gram, (*shape, classes, classes)).reshape(-1, classes, classes)
    flat_pull = np.broadcast_to(pull, (*shape, classes)).reshape(-1, classes)
    solved = _on_face(flat_gram, flat_pull, tuple(range(classes)))  # [D, C]
    outside = (solved < 0.0).any(axis=-1)
    if outside.any():
        solved[outside] = _on_best_face(flat_gram[outside], flat_pull[outside])
    return solved.reshape(*shape, classes)


def _on_best_face(gram: Array, pull: Array) -> Array:
    """The minimum over the faces, [D, C, C] and [D, C] -> [D, C]."""
    classes = pull.shape[-1]
    best = np.zeros_like(pull)  # [D, C]
    least = np.full(len(pull), np.inf)
    for size in range(1, classes):
        for face in combinations(range(classes), size):
            found = _on_face(gram, pull, face)
            loss = np.einsum("dc,dck,dk->d", found, gram, found) - 2.0 * (found * pull).sum(axis=-1)
            better = (found >= -_ROUNDING).all(axis=-1) & (loss < least)
            best[better], least[better] = found[better], loss[better]
    best = np.maximum(best, 0.0)
    shares: Array = best / best.sum(axis=-1, keepdims=True)
    return shares


def _on_face(gram: Array, pull: Array, face: tuple[int, ...]) -> Array:
    """The minimum where only the classes of a face are there and sum to 1, of either sign."""
    size = len(face)
    system = np.zeros((len(pull), size + 1, size + 1))
    system[:, :size, :size] = gram[:, face][:, :, face]
    system[:, size, :size] = system[:, :size, size] = 1.0
    wanted = np.ones((len(pull), size + 1, 1))
    wanted[:, :size, 0] = pull[:, face]
    found = np.zeros_like(pull)
    found[:, face] = np.linalg.solve(system, wanted)[:, :size, 0]
    return found
