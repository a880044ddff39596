"""A post that is not ready holds back its own partition, in order, and nobody else's."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core import lanes as lanes_module
from stream_app.core.lanes import Lanes, Place


@dataclass(frozen=True)
class Post:
    partition: int
    offset: int = 0
    size: int = 10


def test_what_is_ready_with_nothing_before_it_goes_on_at_once() -> None:
    lanes = Lanes[Post]()
    assert lanes.enter(Post(0), ready=True) is None
    assert not lanes


def test_a_post_that_is_not_ready_holds_back_its_partition_alone() -> None:
    lanes = Lanes[Post]()
    slow = lanes.enter(Post(0, 1), ready=False)
    assert slow is not None
    assert lanes.enter(Post(0, 2), ready=True) is not None
    assert lanes.enter(Post(1, 1), ready=True) is None
    assert lanes.made_ready(slow) == [Post(0, 1), Post(0, 2)]
    assert lanes.enter(Post(0, 3), ready=True) is None


def test_what_was_forgotten_and_becomes_ready_lets_nothing_through() -> None:
    lanes = Lanes[Post]()
    before = lanes.enter(Post(0, 1), ready=False)
    assert before is not None
    lanes.clear()
    assert lanes.enter(Post(0, 1), ready=False) is not None
    assert lanes.made_ready(before) == []
    assert len(lanes) == 1


@pytest.mark.parametrize(("bound", "most"), [("PARKED_POSTS", 3), ("PARKED_BYTES", 30)])
def test_there_is_room_until_enough_are_parked(
    monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(lanes_module, bound, most)
    lanes = Lanes[Post]()
    first = lanes.enter(Post(0), ready=False)
    lanes.enter(Post(0), ready=True)
    assert lanes.has_room
    assert (lanes.hold_back(0), lanes.hold_back(1)) == (True, False)
    lanes.enter(Post(0), ready=True)
    assert not lanes.has_room
    assert lanes.hold_back(1)  # of which nothing more is fetched
    assert first is not None
    lanes.made_ready(first)
    assert lanes.has_room
    assert not lanes.hold_back(0)


@given(st.data(), st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=40))
def test_each_partition_goes_on_in_order_and_whole_whatever_becomes_ready_when(
    data: st.DataObject, arriving: list[tuple[int, bool]]
) -> None:
    lanes, passed, slow = Lanes[Post](), list[Post](), list[Place[Post]]()
    posts = [Post(partition, offset) for offset, (partition, _) in enumerate(arriving)]
    for post, (_, ready) in zip(posts, arriving, strict=True):
        place = lanes.enter(post, ready=ready)
        if place is None:
            passed.append(post)
        elif not ready:
            slow.append(place)
        early = data.draw(st.booleans())
        if slow and early:
            passed += lanes.made_ready(slow.pop(data.draw(st.integers(0, len(slow) - 1))))
    while slow:
        passed += lanes.made_ready(slow.pop(data.draw(st.integers(0, len(slow) - 1))))
    for partition in range(3):
        assert [post for post in passed if post.partition == partition] == [
            post for post in posts if post.partition == partition
        ]
    assert not lanes
