"""Shapley values: how much each player of a game is worth, whatever the players are.

Not for what a player is or what a coalition is worth: that is `games`.
"""

import itertools
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO: Final = 6  # players: 64 coalitions

Mask = NDArray[np.bool_]
Game = Callable[[Mask], NDArray[np.float64]]  # coalitions [M, players] -> their worth [M]


def shapley_values(
    game: Game, players: int, permutations: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """What each player adds, averaged over the orders in which they may come in.

    Every order is taken for up to 6 players; beyond, random ones in pairs, each with its reverse.
    Either way the values sum to the worth of all players less that of none.

    Args:
        game: asked once, with different coalitions.
        players: at least 1.
        permutations: orders drawn beyond 6 players; even.
        generator: where they come from.

    Returns:
        [players], in the game's unit.

    Source: Shapley 1953, "A value for n-person games"; drawn orders: Castro et al. 2009, Computers
    & Operations Research 36(5); in reversed pairs: Mitchell et al. 2022, JMLR 23(43).
    """
    if players <= EXACT_UP_TO:
        orders = np.array(list(itertools.permutations(range(players))))  # [P, players]
    else:
        drawn = [generator.permutation(players) for _ in range(permutations // 2)]
        orders = np.stack([order for each in drawn for order in (each, each[::-1])])
    places = orders.argsort(axis=1)  # [P, players]: when a player comes in
    came_in = np.arange(players + 1)[None, :, None]  # players that are in
    coalitions = (places[:, None, :] < came_in).reshape(-1, players)  # [P (players+1), players]
    asked, which = np.unique(coalitions, axis=0, return_inverse=True)
    worth = game(asked)[which.reshape(-1)].reshape(len(orders), players + 1)
    gains = np.diff(worth, axis=1)  # [P, players] in the order of coming in
    values: NDArray[np.float64] = np.take_along_axis(gains, places, axis=1).mean(axis=0)
    return values


def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute values as shares of their sum; all zero where there is nothing to share."""
    size = np.abs(values)
    total = size.sum()
    return size / total if total > 0 else size
