"""No fetch is taken past what may wait, no batch formed past what may be held."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.batching import MicroBatcher
from stream_app.core.flow import BATCHES_HELD, DECODED_AT_ONCE, WAITING_BATCHES, Flow, portions

MOST = 4


@dataclass(frozen=True)
class Post:
    generation: int = 1
    cost: float = 1.0


def flow() -> Flow[Post]:
    return Flow(MicroBatcher[Post](MOST, wait_s=0.02))


def test_there_is_room_until_four_batches_wait() -> None:
    waiting = flow()
    waiting.add([Post()] * (WAITING_BATCHES * MOST - 1), 0.0)
    assert waiting.has_room
    waiting.add([Post()], 0.0)
    assert not waiting.has_room
    waiting.take()
    assert waiting.has_room


def test_a_batch_is_due_only_while_few_are_held() -> None:
    waiting = flow()
    waiting.add([Post()] * 99, 0.0)
    for _ in range(BATCHES_HELD):
        assert waiting.due_in_s(0.0) == 0.0
        waiting.take()
    assert waiting.due_in_s(99.0) is None
    waiting.let_go()
    assert waiting.due_in_s(0.0) == 0.0


def test_a_post_waits_for_others_only_while_a_batch_is_held() -> None:
    waiting = flow()
    waiting.add([Post()], 1.0)
    assert waiting.due_in_s(1.0) == 0.0
    waiting.take()
    waiting.add([Post()], 2.0)
    assert waiting.due_in_s(2.005) == pytest.approx(0.015)


def test_what_is_held_stays_held_when_what_waits_is_forgotten() -> None:
    waiting = flow()
    waiting.add([Post()] * 9, 0.0)
    waiting.take()
    waiting.clear()
    assert (len(waiting), waiting.held) == (0, 1)


@given(st.lists(st.integers(), max_size=300))
def test_portions_are_the_whole_in_order(fetched: list[int]) -> None:
    found = list(portions(fetched))
    assert [each for portion in found for each in portion] == fetched
    assert all(0 < len(portion) <= DECODED_AT_ONCE for portion in found)
