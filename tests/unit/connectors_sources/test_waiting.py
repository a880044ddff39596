"""How long a client waits: for rate limits what the server asks, after failures ever longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.backoff import Backoff
from connectors.sources.rate_limit import LONGEST_S, asked_wait_s

NOW = 1_764_000_000.0  # 2025-11-24T16:00:00Z


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "Mon, 24 Nov 2025 16:01:00 GMT"}, 60),
        ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "999999999"}, LONGEST_S),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2025-11-24T16:05:00.000Z"}, 300),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "42"}, 42),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "42"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "42", "retry-after": "50"}, 50),
    ],
)
def test_the_wait_is_what_the_server_asks_for(headers: dict[str, str], wait_s: float) -> None:
    assert asked_wait_s(headers, NOW) == pytest.approx(wait_s)


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_a_header_says_a_wait_comes_of_it(told: str, reset: str) -> None:
    headers = {"retry-after": told, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert 0 <= asked_wait_s(headers, NOW) <= LONGEST_S


@given(st.integers(1, 60), st.floats(0.01, 5), st.floats(5, 600))
def test_waits_double_up_to_the_longest_and_are_never_short(
    failures: int, first_s: float, longest_s: float
) -> None:
    backoff = Backoff(first_s, longest_s)
    for failure in range(failures):
        step_s = min(longest_s, first_s * 2**failure)
        assert step_s / 2 <= backoff.next_wait_s() <= step_s
    backoff.reset()
    assert backoff.next_wait_s() <= first_s
    assert backoff.next_wait_s(at_least_s=30) >= 30
