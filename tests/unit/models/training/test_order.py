from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.training.order import SourceShape, epoch_order, shuffled_batches, step_generator


@given(st.lists(st.integers(1, 30)), st.integers(1, 8), st.integers(0, 99))
def test_shuffled_batches_hold_each_conversation_once(
    lengths: list[int], batch: int, seed: int
) -> None:
    batches = shuffled_batches(lengths, batch, np.random.default_rng(seed))
    assert sorted(index for own in batches for index in own) == list(range(len(lengths)))
    assert all(1 <= len(own) <= batch for own in batches)


@pytest.mark.parametrize(
    ("weight", "least", "most", "taken"),
    [(1.0, 1, 1, 40), (0.25, 0, 1, 10), (2.5, 2, 3, 100), (0.001, 0, 1, 1)],
)
def test_a_weight_is_the_passes_over_a_source(
    weight: float, least: int, most: int, taken: int
) -> None:
    order = epoch_order([SourceShape([3] * 40, weight, 4)], seed=0, epoch=1)
    counts = Counter(index for planned in order for index in planned.conversations)
    assert sum(counts.values()) == taken
    assert all(least <= counts[index] <= most for index in range(40))


def test_a_part_is_drawn_anew_in_each_epoch_and_steps_stay_as_many() -> None:
    shapes = [SourceShape(list(range(1, 41)), 0.25, 4), SourceShape([1] * 10, 1.0, 3)]
    orders = [epoch_order(shapes, seed=0, epoch=epoch) for epoch in range(1, 9)]
    assert {len(order) for order in orders} == {3 + 4}
    seen = {
        index for order in orders for own in order if not own.source for index in own.conversations
    }
    assert len(seen) > 30


def test_sources_are_mixed_and_a_batch_is_of_one() -> None:
    shapes = [SourceShape([1] * 40, 1.0, 2), SourceShape([1] * 40, 1.0, 4)]
    order = epoch_order(shapes, seed=0, epoch=1)
    assert Counter(planned.source for planned in order) == {0: 20, 1: 10}
    first = [planned.source for planned in order[:15]]
    assert 0 < sum(first) < 10


def test_order_and_chance_follow_from_seed_and_place_alone() -> None:
    shapes = [SourceShape([1] * 40, 1.0, 2)]
    assert epoch_order(shapes, 1, 2) == epoch_order(shapes, 1, 2)
    assert epoch_order(shapes, 1, 2) != epoch_order(shapes, 1, 3)
    assert epoch_order(shapes, 1, 2) != epoch_order(shapes, 2, 2)
    draws = {
        step_generator(*place).random() for place in [(0, 1, 0), (0, 1, 1), (0, 2, 0), (1, 1, 0)]
    }
    assert len(draws) == 4
    assert step_generator(0, 1, 0).random() in draws


def test_a_source_is_taken_until_its_last_epoch() -> None:
    shapes = [SourceShape([1] * 8, 1.0, 4), SourceShape([1] * 8, 1.0, 4, until=2)]
    taken = [{own.source for own in epoch_order(shapes, 0, epoch)} for epoch in (1, 2, 3)]
    assert taken == [{0, 1}, {0, 1}, {0}]
