"""`created_at` is a point in time between 1970 and a day ahead, or a bad timestamp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.event_time import MAX_AHEAD_S, event_time
from connectors.schemas.rejection import Reason, Rejection

NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("created_at", "seconds"),
    [
        (0, 0.0),
        (1_763_942_400.25, 1_763_942_400.25),
        ("2025-11-24T00:00:00Z", 1_763_942_400.0),
        ("2025-11-24T01:00:00.25+01:00", 1_763_942_400.25),
        ("2025-11-24 00:00", 1_763_942_400.0),
        ("20251124T000000", 1_763_942_400.0),
        ("2025-11-24", 1_763_942_400.0),
    ],
)
def test_seconds_and_iso_8601_are_read_and_no_offset_means_utc(
    created_at: float | str, seconds: float
) -> None:
    assert event_time(created_at, now=NOW) == seconds


@pytest.mark.parametrize(
    "created_at",
    [
        -0.001,
        float("nan"),
        float("inf"),
        float("-inf"),
        NOW + MAX_AHEAD_S + 1,
        "",
        "1764000000",
        "24.11.2025",
        "2025-13-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_cannot_be_when_a_post_was_made_is_refused(created_at: float | str) -> None:
    with pytest.raises(Rejection) as caught:
        event_time(created_at, now=NOW)
    assert caught.value.reason is Reason.BAD_TIMESTAMP


def test_a_clock_may_be_a_day_ahead() -> None:
    assert event_time(NOW + MAX_AHEAD_S, now=NOW) == NOW + MAX_AHEAD_S


def test_milliseconds_are_suspected() -> None:
    with pytest.raises(Rejection, match="milliseconds"):
        event_time(NOW * 1000, now=NOW)


def outcome(created_at: float | str) -> float | Rejection:
    try:
        return event_time(created_at, now=NOW)
    except Rejection as rejection:
        return rejection


@given(st.text(max_size=30) | st.datetimes().map(str) | st.floats() | st.integers(0, 2**64))
def test_anything_is_a_possible_time_or_a_bad_timestamp(created_at: float | str) -> None:
    found = outcome(created_at)
    if isinstance(found, Rejection):
        assert found.reason is Reason.BAD_TIMESTAMP
    else:
        assert 0 <= found <= NOW + MAX_AHEAD_S
