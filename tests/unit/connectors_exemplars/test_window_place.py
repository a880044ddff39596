"""The window of an example post is found again among what is kept of its conversation."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.exemplars.window_place import mark_of, window_of

KEPT = [b"first", b"second", b"third", b"fourth"]


def test_a_window_ends_with_its_post() -> None:
    assert window_of(KEPT, mark_of(b"third"), 3) == KEPT[:3]
    assert window_of(KEPT, mark_of(b"third"), 2) == KEPT[1:3]


def test_a_window_that_lost_its_oldest_posts_is_none() -> None:
    assert window_of(KEPT[1:], mark_of(b"third"), 3) == ()
    assert window_of([], mark_of(b"third"), 1) == ()


@given(st.lists(st.binary(max_size=2), min_size=1, max_size=8), st.data())
def test_of_posts_that_are_alike_the_one_scored_is_found_while_none_has_left(
    kept: list[bytes], data: st.DataObject
) -> None:
    posts = data.draw(st.integers(1, len(kept)))
    assert window_of(kept, mark_of(kept[posts - 1]), posts) == kept[:posts]
