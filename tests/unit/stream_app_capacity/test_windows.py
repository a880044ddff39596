"""Simulated windows are as long as the worker's own, and as many."""

from hypothesis import given
from hypothesis import strategies as st

from stream_app.capacity.windows import SimulatedWindows
from stream_app.core.windows import ConversationKey, Windows

STAMP = b"stamp-01"
FOREVER = 10_000


@given(st.lists(st.integers(1, 4), max_size=120), st.integers(1, 12))
def test_windows_grow_and_jump_as_those_of_the_worker(posts: list[int], length: int) -> None:
    simulated = SimulatedWindows(length, FOREVER, FOREVER)
    real = Windows(length, STAMP, FOREVER)
    for conversation in posts:
        key = ConversationKey(0, f"c{conversation}")
        for missing in real.missing([key]):
            real.load(missing, [])
        (request,) = real.window(key).requests([STAMP], length, key)
        real.append(key, [STAMP])
        looked = simulated.look(conversation)
        assert looked.context + looked.rebuilt == request.targets[0]


def test_a_window_that_jumped_is_computed_again_and_one_that_is_kept_is_not() -> None:
    windows = SimulatedWindows(8, FOREVER, FOREVER)
    looks = [windows.look(1) for _ in range(9)]
    assert [each.rebuilt for each in looks] == [0] * 8 + [2]
    assert [each.context for each in looks] == [*range(8), 0]


def test_the_state_looked_at_longest_ago_is_given_up_first() -> None:
    windows = SimulatedWindows(8, FOREVER, states=2)
    for conversation in (1, 2, 1, 3):
        windows.look(conversation)
    assert windows.look(1).context == 2
    assert windows.look(2).rebuilt == 1


def test_a_window_that_is_not_held_is_read_with_all_its_posts() -> None:
    windows = SimulatedWindows(8, windows=1, states=FOREVER, stored=[5, 20])
    assert windows.look(1).read == 1
    assert windows.look(1).read == 0
    second = windows.look(2)
    assert (second.read, second.context + second.rebuilt) == (1, 2)
    assert windows.look(1).read == 1
