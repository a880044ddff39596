"""Whether an explanation is true of the model: what happens as its players are deleted in order.

If the values say what carried a probability, it falls fast when the highest go first, more slowly
in a random order, and slowest, or not at all, when the lowest go first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.explanation.shapley import Game

FRACTIONS: Final = np.linspace(0.0, 1.0, 11)
RANDOM_ORDERS: Final = 10
_RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Deletion:
    """What the deletion of one post's players did, [11] each: fall by the fraction deleted."""

    highest_first: NDArray[np.float64]
    random: NDArray[np.float64]
    lowest_first: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean fall over posts, by `FRACTIONS`, and the area under it: over the remaining probability.

    Source: area over the perturbation curve, Samek et al. 2017, IEEE TNNLS 28(11), with the
    fraction deleted as its axis, as in Petsiuk et al. 2018, BMVC.
    """

    fall: Sequence[float]
    area: float


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Of one kind of explanation over many posts.

    Attributes:
        posts: how many were explained.
        above_random: area of `highest_first` less that of `random`.
        interval: of `above_random`, 95 %, by bootstrap over posts.
    """

    posts: int
    highest_first: Curve
    random: Curve
    lowest_first: Curve
    above_random: float
    interval: tuple[float, float]


def delete(game: Game, values: NDArray[np.float64], generator: np.random.Generator) -> Deletion:
    """Delete the players of a game in three orders.

    Args:
        game: worth is a probability.
        values: [players], what the explanation says of them.
        generator: of random orders; ten are averaged.
    """
    lowest_first = values.argsort(kind="stable")
    orders = [generator.permutation(len(values)) for _ in range(RANDOM_ORDERS)]
    return Deletion(
        _fall(game, lowest_first[::-1]),
        np.mean([_fall(game, order) for order in orders], axis=0),
        _fall(game, lowest_first),
    )


def summarise(deletions: Sequence[Deletion], generator: np.random.Generator) -> Faithfulness:
    """Curves, areas and the interval over posts.

    Args:
        deletions: at least one, a post each.
        generator: of the bootstrap.
    """
    highest = np.stack([own.highest_first for own in deletions])  # [posts, 11]
    random = np.stack([own.random for own in deletions])  # [posts, 11]
    lowest = np.stack([own.lowest_first for own in deletions])  # [posts, 11]
    above = _area(highest - random)  # [posts]
    drawn = generator.integers(0, len(above), (_RESAMPLES, len(above)))
    low, high = np.quantile(above[drawn].mean(axis=1), (0.025, 0.975)).tolist()
    return Faithfulness(
        len(deletions),
        _curve(highest),
        _curve(random),
        _curve(lowest),
        float(above.mean()),
        (low, high),
    )


def _fall(game: Game, order: NDArray[np.int64]) -> NDArray[np.float64]:
    players = len(order)
    deleted_at = order.argsort()  # [players]
    coalitions = deleted_at[None, :] >= np.arange(players + 1)[:, None]  # [players + 1, players]
    worth = game(coalitions)  # [players + 1]
    fractions = np.arange(players + 1) / players
    fall: NDArray[np.float64] = np.interp(FRACTIONS, fractions, worth[0] - worth)
    return fall


def _area(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    middles = (curves[:, 1:] + curves[:, :-1]) / 2  # [posts, 10]
    area: NDArray[np.float64] = middles @ np.diff(FRACTIONS)
    return area


def _curve(curves: NDArray[np.float64]) -> Curve:
    return Curve(curves.mean(axis=0).tolist(), float(_area(curves).mean()))
