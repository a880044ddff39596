"""The window of an example post is found again among what is kept of its conversation."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from connectors.exemplars.window_place import mark_of, window_of
from connectors.schemas.kept_post import kept_post, record_of

KEPT = [kept_post(name, "neutral") for name in (b"first", b"second", b"third", b"fourth")]


def marked(posts: Sequence[bytes]) -> str:
    return mark_of(record_of(post) for post in posts)


def test_a_window_is_found_by_all_its_posts() -> None:
    assert window_of(KEPT, marked(KEPT[:3]), 3) == KEPT[:3]
    assert window_of(KEPT, marked(KEPT[1:3]), 2) == KEPT[1:3]


def test_a_window_that_lost_its_oldest_posts_is_none() -> None:
    assert window_of(KEPT[1:], marked(KEPT[:3]), 3) == ()
    assert window_of([], marked(KEPT[:1]), 1) == ()


def test_an_equal_post_behind_other_posts_is_not_taken_for_it() -> None:
    again = kept_post(b"third", "neutral")
    assert window_of([*KEPT[1:], again], marked([*KEPT[:3]]), 3) == ()


@given(st.lists(st.binary(max_size=2), min_size=1, max_size=8), st.data())
def test_a_window_is_the_one_of_the_same_records_or_none(
    records: list[bytes], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(records) - 1))
    last = data.draw(st.integers(first + 1, len(records)))
    left = data.draw(st.integers(0, len(records)))
    kept = [kept_post(record, "neutral") for record in records[left:]]
    found = window_of(kept, mark_of(records[first:last]), last - first)
    assert [record_of(post) for post in found] in ([], records[first:last])
    assert bool(found) or left > first
