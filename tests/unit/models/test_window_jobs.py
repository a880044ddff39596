"""How windows are cut and grouped, for any lengths."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.scoring import WindowRequest
from models.windows import group_by_length, plan_jobs


@given(
    st.lists(st.integers(1, 64)),
    st.integers(1, 300),
    st.integers(1, 20),
)
def test_groups_hold_each_row_once_within_their_bounds(
    lengths: list[int], budget: int, most: int
) -> None:
    groups = group_by_length(lengths, budget, most)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        own = [lengths[index] for index in group]
        assert len(group) <= most
        assert len(group) == 1 or len(group) * max(own) <= budget
        assert max(own) <= max(2 * min(own), min(own) + 3)


def test_a_causal_window_is_one_run_that_ends_at_its_last_target() -> None:
    (job,) = plan_jobs([WindowRequest([b""] * 9, (2, 5))], causal=True)
    assert (job.posts, job.targets) == (6, (2, 5))


def test_a_two_way_window_is_a_run_for_each_target() -> None:
    jobs = plan_jobs([WindowRequest([b""] * 9, (2, 5))], causal=False)
    assert [(job.posts, job.targets) for job in jobs] == [(3, (2,)), (6, (5,))]
