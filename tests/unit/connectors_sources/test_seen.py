"""Ids of the last posts, in bounded memory and across restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.seen import SeenPosts

Ids = st.lists(st.text(max_size=3), max_size=30)


@given(Ids, st.integers(1, 8))
def test_a_post_is_new_unless_it_is_among_the_last_ones(ids: list[str], most: int) -> None:
    seen, last = SeenPosts(most), list[str]()
    for post_id in ids:
        assert seen.add(post_id) == (post_id not in last)
        last = [*(own for own in last if own != post_id), post_id][-most:]


@given(Ids, Ids, st.integers(1, 8))
def test_what_was_dumped_is_older_than_what_came_since(
    before: list[str], since: list[str], most: int
) -> None:
    old, both, loaded = SeenPosts(most), SeenPosts(most), SeenPosts(most)
    for post_id in before:
        old.add(post_id)
        both.add(post_id)
    loaded.load(old.dump())
    for post_id in since:
        assert loaded.add(post_id) == both.add(post_id)
    assert loaded.dump() == both.dump()


@pytest.mark.parametrize("dumped", ["AAAA", "no base64!"])
def test_what_is_no_dump_is_refused(dumped: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SeenPosts().load(dumped)
