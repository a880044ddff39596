"""Shapley values: they share out exactly what the players together are worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.explanation.shapley import Game, Mask, shapley_values, shares

GENERATOR = np.random.default_rng


def random_game(players: int, seed: int) -> Game:
    """Each coalition is worth a random number."""
    worth = np.random.default_rng(seed).normal(size=2**players)

    def game(coalitions: Mask) -> NDArray[np.float64]:
        found: NDArray[np.float64] = worth[coalitions @ (1 << np.arange(players))]
        return found

    return game


def both_ends(game: Game, players: int) -> tuple[float, float]:
    ends = game(np.array([[False] * players, [True] * players]))
    return float(ends[0]), float(ends[1])


@settings(max_examples=25, deadline=None)
@given(players=st.integers(1, 10), seed=st.integers(0, 1000))
def test_values_sum_to_what_all_are_worth_beyond_none(players: int, seed: int) -> None:
    game = random_game(players, seed)
    nobody, everybody = both_ends(game, players)
    values = shapley_values(game, players, 4, GENERATOR(seed))
    assert values.sum() == pytest.approx(everybody - nobody)


def test_players_that_do_the_same_have_the_same_value() -> None:
    def game(coalitions: Mask) -> NDArray[np.float64]:
        count = coalitions[:, :3].sum(axis=1)
        return np.where(count >= 2, 10.0, 0.0) + coalitions[:, 3]

    values = shapley_values(game, 4, 2, GENERATOR(0))
    assert values == pytest.approx([10 / 3, 10 / 3, 10 / 3, 1.0])


@pytest.mark.parametrize("players", [3, 9])
def test_a_player_that_does_nothing_has_no_value(players: int) -> None:
    game = random_game(players, 5)

    def with_idler(coalitions: Mask) -> NDArray[np.float64]:
        return game(coalitions[:, 1:])

    assert shapley_values(with_idler, players + 1, 6, GENERATOR(0))[0] == pytest.approx(0.0)


def test_the_values_of_two_players_are_those_of_the_definition() -> None:
    worth = {(False, False): 1.0, (True, False): 4.0, (False, True): 3.0, (True, True): 10.0}

    def game(coalitions: Mask) -> NDArray[np.float64]:
        return np.array([worth[bool(a), bool(b)] for a, b in coalitions])

    values = shapley_values(game, 2, 2, GENERATOR(0))
    assert values == pytest.approx([(3 + 7) / 2, (2 + 6) / 2])


def test_drawn_orders_come_near_the_exact_values() -> None:
    weights = np.arange(8.0)

    def game(coalitions: Mask) -> NDArray[np.float64]:
        return (coalitions @ weights) ** 2

    # the square of a sum: weight i times the sum of all weights
    values = shapley_values(game, 8, 400, GENERATOR(0))
    assert values == pytest.approx(weights * weights.sum(), rel=0.1, abs=1e-9)


def test_shares_sum_to_one_whatever_the_sign() -> None:
    assert shares(np.array([3.0, -1.0])).tolist() == [0.75, 0.25]
    assert shares(np.zeros(2)).tolist() == [0.0, 0.0]
