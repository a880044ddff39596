"""Padded tensors hold every turn once, and are few where each is a captured graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.streaming.shapes import Shapes

turns = st.integers(1, 40).flatmap(
    lambda window: st.tuples(
        st.just(window),
        st.lists(
            st.integers(1, window).flatmap(
                lambda new: st.tuples(st.just(new), st.integers(1, new))
            ),
            max_size=600,
        ),
    )
)


@given(turns=turns, few=st.booleans())
def test_passes_hold_each_turn_once_in_a_shape_that_it_fits(
    turns: tuple[int, list[tuple[int, int]]], few: bool
) -> None:
    window, own = turns
    own.sort(reverse=True)
    new, targets = [new for new, _ in own], [targets for _, targets in own]
    shapes = Shapes(window, few=few)
    done = 0
    for each in shapes.passes(new, targets):
        assert each.start == done < each.stop
        done = each.stop
        shape = each.shape
        assert each.stop - each.start <= shape.conversations
        assert max(new[each.start : each.stop]) <= shape.posts <= window
        assert max(targets[each.start : each.stop]) <= shape.targets <= shape.posts
        if few:
            assert (shape.conversations, shape.posts) in shapes.whole
            assert shape.targets in {1, shape.posts}
    assert done == len(own)


def test_shapes_are_few() -> None:
    assert len(Shapes(32, few=True).whole) == 12


@pytest.mark.parametrize(("window", "posts"), [(32, 12), (16, 8), (1, 1)])
def test_a_window_that_jumped_is_not_padded_to_a_whole_one(window: int, posts: int) -> None:
    jumped = max(1, window // 4) + (1 if window > 1 else 0)
    (one,) = Shapes(window, few=True).passes([jumped], [1])
    assert one.shape.posts == posts


def test_posts_that_come_one_by_one_are_not_padded_in_length() -> None:
    passes = Shapes(32, few=True).passes([32] * 3 + [2] * 5 + [1] * 300, [1] * 308)
    told = [(own.shape.conversations, own.shape.posts) for own in passes]
    assert told == [(16, 32), (16, 2), (256, 1), (64, 1)]
