"""Windows keep the last posts of each conversation, in order, within their capacity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows import ConversationKey, Windows

KEY = ConversationKey(0, "c")


def windows(length: int = 4, capacity: int = 2) -> Windows:
    return Windows(length, b"m", capacity)


def test_records_of_another_model_are_dropped_on_load() -> None:
    held = windows()
    held.load(KEY, [b"m1", b"x2", b"m3"])
    assert held.records(KEY) == (b"m1", b"m3")


def test_the_same_conversation_in_two_partitions_has_two_windows() -> None:
    held = windows()
    other = ConversationKey(1, "c")
    held.load(KEY, [b"m1"])
    assert held.missing([KEY, other, other]) == [other]


def test_a_window_that_is_not_held_must_be_loaded_first() -> None:
    with pytest.raises(KeyError):
        windows().append(KEY, [b"m1"])


def test_the_least_recently_used_goes_first() -> None:
    held = windows(capacity=2)
    keys = [ConversationKey(0, name) for name in "abc"]
    for key in keys:
        held.load(key, [])
    held.records(keys[0])
    assert held.shrink() == 1
    assert held.missing(keys) == [keys[1]]


@given(st.lists(st.lists(st.binary(min_size=1, max_size=3), max_size=6), max_size=8))
def test_a_window_is_the_tail_of_all_that_was_appended(runs: list[list[bytes]]) -> None:
    held = windows(length=5)
    held.load(KEY, [])
    everything: list[bytes] = []
    for run in runs:
        held.append(KEY, run)
        everything += run
    assert list(held.records(KEY)) == everything[-5:]
