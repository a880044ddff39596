"""An overload that was none is not well."""

import pytest

from tests.chaos.faults.overload import Overload, Watch

WHOLE = Overload(seconds=60)
SHEDDING = Overload(seconds=60, shed=8)


def test_three_times_capacity_that_comes_to_wait_is_an_overload() -> None:
    assert WHOLE.unmet(capacity=200, offered=590, lags=[0, 12_000, 23_000]) == []
    assert SHEDDING.unmet(capacity=200, offered=590, lags=[0, 500, 5_000]) == []


@pytest.mark.parametrize("fault", [WHOLE, SHEDDING])
def test_a_feed_that_does_not_manage_is_no_overload(fault: Overload) -> None:
    (said,) = fault.unmet(capacity=200, offered=490, lags=[0, 0, 9_000][: 3 - (fault.shed > 1)])
    assert said == "490 posts/s are no 3 times 200"


def test_workers_that_keep_up_with_three_times_their_capacity_were_measured_wrong() -> None:
    (said,) = WHOLE.unmet(capacity=200, offered=600, lags=[3_000, 2_000, 3_500])
    assert "only 500 posts came to wait" in said


def test_what_is_shed_must_leave_the_rest_no_lag() -> None:
    (said,) = SHEDDING.unmet(capacity=200, offered=600, lags=[0, 3_000, 6_001])
    assert "6001 posts wait" in said


def test_an_overload_in_which_nothing_was_seen_done_does_not_count_as_fast() -> None:
    with pytest.raises(TimeoutError, match="no post was done"):
        Watch().document()
