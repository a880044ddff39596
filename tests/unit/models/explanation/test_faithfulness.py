"""Deletion curves of a model whose answer hangs on what we know."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.explanation.faithfulness import delete, summarise
from models.explanation.shapley import Mask, shapley_values


def only_third_counts(coalitions: Mask) -> NDArray[np.float64]:
    return np.where(coalitions[:, 2], 0.9, 0.1)


def test_deleting_what_counts_first_makes_the_probability_fall_at_once() -> None:
    values = shapley_values(only_third_counts, 5, 2, np.random.default_rng(0))
    found = delete(only_third_counts, values, np.random.default_rng(0))
    assert values == pytest.approx([0, 0, 0.8, 0, 0])
    assert found.highest_first[0] == 0
    assert found.highest_first[2:] == pytest.approx(0.8)  # a fifth of the players is one
    assert found.lowest_first[:9] == pytest.approx(0.0)
    assert found.lowest_first[10] == pytest.approx(0.8)


def test_a_true_explanation_is_above_random_and_a_wrong_one_below() -> None:
    right, wrong = np.array([0, 0, 1.0, 0, 0]), np.array([0, 0, -1.0, 0, 0])
    generator = np.random.default_rng(0)
    for values, sign in ((right, 1), (wrong, -1)):
        found = summarise(
            [delete(only_third_counts, values, generator) for _ in range(20)], generator
        )
        assert found.posts == 20
        assert found.above_random * sign > 0.2
        assert found.interval[0] < found.above_random < found.interval[1]
        assert min(found.interval[0] * sign, found.interval[1] * sign) > 0
        area = found.highest_first.area - found.random.area
        assert found.above_random == pytest.approx(area)
