"""How often one caller may ask."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.http.rate_limit import BURST_S, MOST_CALLERS, RateLimit


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_steady_rate() -> None:
    clock = Clock()
    limit = RateLimit(2.0, clock)
    assert [limit.wait_s("a") for _ in range(8)] == [0.0] * 8
    assert limit.wait_s("a") == 0.5
    clock.now += 0.5
    assert limit.wait_s("a") == 0.0
    assert limit.wait_s("a") == 0.5


def test_callers_do_not_take_from_each_other() -> None:
    limit = RateLimit(1.0, Clock())
    while limit.wait_s("a") == 0.0:
        pass
    assert limit.wait_s("b") == 0.0


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60), st.floats(0.5, 20.0))
def test_no_more_pass_than_the_rate_and_a_burst_allow(pauses: list[float], per_s: float) -> None:
    clock = Clock()
    limit = RateLimit(per_s, clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        passed += limit.wait_s("a") == 0.0
    assert passed <= max(1.0, per_s * BURST_S) + sum(pauses) * per_s + 1e-6


def test_callers_beyond_bounds_are_forgotten_the_oldest_first() -> None:
    limit = RateLimit(0.25, Clock())  # one request, and then a long wait
    assert limit.wait_s("first") == 0.0
    assert limit.wait_s("first") > 0.0
    for number in range(MOST_CALLERS):
        limit.wait_s(f"caller {number}")
    assert limit.wait_s("first") == 0.0
