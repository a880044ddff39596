"""Batches form at once, by size or by deadline, and never mix generations."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.batching import MicroBatcher


@dataclass(frozen=True)
class Numbered:
    number: int
    generation: int = 1
    cost: float = 1.0


def waiting(count: int, most: int = 4, now_s: float = 0.0) -> MicroBatcher[Numbered]:
    batcher: MicroBatcher[Numbered] = MicroBatcher(most, wait_s=0.02)
    batcher.add([Numbered(number) for number in range(count)], now_s)
    return batcher


def test_nothing_is_due_where_nothing_waits() -> None:
    assert waiting(0).due_in_s(5.0, busy=False) is None


def test_a_post_is_scored_at_once_when_nothing_is_under_way() -> None:
    assert waiting(1).due_in_s(0.0, busy=False) == 0


def test_while_batches_are_under_way_a_post_waits_for_others_until_the_deadline() -> None:
    batcher = waiting(1, now_s=10.0)
    assert batcher.due_in_s(10.005, busy=True) == pytest.approx(0.015)
    due = batcher.due_in_s(10.03, busy=True)
    assert due is not None
    assert due < 0


def test_a_full_batch_does_not_wait() -> None:
    assert waiting(4).due_in_s(0.0, busy=True) == 0


@given(
    runs=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=8),
    most=st.integers(1, 5),
)
def test_everything_comes_once_in_order_in_batches_of_one_generation(
    runs: list[tuple[int, int]], most: int
) -> None:
    batcher: MicroBatcher[Numbered] = MicroBatcher(most, wait_s=1.0)
    added: list[Numbered] = []
    for at, (generation, count) in enumerate(runs):
        new = [Numbered(len(added) + number, generation) for number in range(count)]
        batcher.add(new, float(at))
        added += new
    taken: list[Numbered] = []
    while batcher:
        items, since_s = batcher.take()
        assert 1 <= len(items) <= most
        assert len({item.generation for item in items}) == 1
        assert since_s == came_at(runs, items[0].number)
        taken += items
    assert taken == added


def came_at(runs: Sequence[tuple[int, int]], number: int) -> float:
    before = 0
    for at, (_, count) in enumerate(runs):
        before += count
        if number < before:
            return float(at)
    raise AssertionError(f"item {number} was never added")


def test_what_is_shed_takes_little_of_a_batch() -> None:
    batcher: MicroBatcher[Numbered] = MicroBatcher(2, wait_s=0.02)
    costs = [0.25, 0.25, 1.0, 0.25, 0.25, 1.0]
    batcher.add([Numbered(at, cost=cost) for at, cost in enumerate(costs)], 0.0)
    items, _ = batcher.take()
    assert [item.number for item in items] == [0, 1, 2, 3, 4]
    assert (len(batcher), batcher.cost) == (1, 1.0)
    batcher.clear()
    assert batcher.cost == 0.0
