"""Progress offers for commit what is done and was not taken by the broker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.progress import Progress


def test_a_commit_that_failed_is_offered_again() -> None:
    progress = Progress()
    progress.done(0, 5)
    assert progress.to_commit({0}) == {0: 5}
    assert progress.to_commit({0}) == {0: 5}
    progress.committed({0: 5})
    assert progress.to_commit({0}) == {}


def test_only_assigned_partitions_are_committed() -> None:
    progress = Progress()
    progress.done(0, 5)
    progress.done(1, 6)
    assert progress.to_commit({1, 2}) == {1: 6}


def test_progress_never_goes_back() -> None:
    progress = Progress()
    progress.done(0, 5)
    with pytest.raises(ValueError, match="was done up to 5"):
        progress.done(0, 4)


def test_after_a_revocation_nothing_is_committed() -> None:
    progress = Progress()
    progress.done(0, 5)
    progress.clear()
    assert progress.to_commit({0}) == {}


def test_a_batch_that_outlived_its_revocation_may_come_again_in_other_cuts() -> None:
    progress = Progress()
    progress.clear()
    progress.done(0, 9)  # of before
    progress.start(0, 5)
    assert progress.position(0) == 5
    progress.done(0, 7)
    assert progress.to_commit({0}) == {0: 7}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.booleans()), max_size=40))
def test_the_last_taken_commit_is_never_beyond_what_is_done(
    steps: list[tuple[int, int, bool]],
) -> None:
    progress = Progress()
    done: dict[int, int] = {}
    taken: dict[int, int] = {}
    for partition, by, broker_takes in steps:
        done[partition] = done.get(partition, 0) + by
        progress.done(partition, done[partition])
        offered = progress.to_commit({0, 1, 2, 3})
        if broker_takes:
            progress.committed(offered)
            taken.update(offered)
        assert all(offset <= done[p] for p, offset in offered.items())
    if steps and steps[-1][2]:
        assert taken == done
