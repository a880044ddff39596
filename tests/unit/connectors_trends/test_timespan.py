import pytest

from connectors.trends.timespan import (
    TimeRange,
    parse_duration,
    parse_moment,
    parse_range,
)

NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h", 3600), (" 7d ", 604_800), ("2w", 1_209_600)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1", "0m", "-1h", "1.5h", "1y", "9999999999s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1764000000.5", 1_764_000_000.5),
        ("2025-11-24T16:00:00Z", 1_764_000_000),
        ("2025-11-24T17:00:00+01:00", 1_764_000_000),
        ("2025-11-24 16:00", 1_764_000_000),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "nan", "inf", "2025-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a moment"):
        parse_moment(text)


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (1, "10s"),
        (600, "10s"),
        (900, "1m"),
        (3600, "1m"),
        (86_400, "1h"),
        (7 * 86_400, "1h"),
        (30 * 86_400, "1d"),
    ],
)
def test_the_coarsest_resolution_that_still_shows_a_course_is_taken(
    seconds: int, name: str
) -> None:
    assert parse_range(f"{seconds}s", None, None, None, now=NOW).resolution == name


def test_the_last_hour_is_what_nobody_has_to_ask_for() -> None:
    assert parse_range(None, None, None, None, now=NOW) == TimeRange(NOW - 3600, NOW, "1m")


def test_a_range_by_its_ends() -> None:
    asked = parse_range(None, "1763990000", "2025-11-24T16:00:00Z", "1h", now=NOW)
    assert asked == TimeRange(1_763_990_000, NOW, "1h")
    assert parse_range(None, "1763990000", None, None, now=NOW).end == NOW


@pytest.mark.parametrize(
    ("window", "start", "end"), [("1h", "0", None), ("1h", None, "0"), (None, None, "0")]
)
def test_ways_that_do_not_go_together_are_refused(
    window: str | None, start: str | None, end: str | None
) -> None:
    with pytest.raises(ValueError, match=r"window ends now|end alone"):
        parse_range(window, start, end, None, now=NOW)


@pytest.mark.parametrize(
    ("ago_h", "hours", "alone", "beside"),
    [(1, 1, "1m", "1m"), (72, 1, "1h", "1h"), (7, 0.1, "1m", "1m"), (44, 11, "1m", "1h")],
)
def test_a_range_is_read_by_what_still_holds_its_start(
    ago_h: int, hours: float, alone: str, beside: str
) -> None:
    """`beside`: where as long before it is read as well."""
    start = NOW - 3600 * ago_h
    asked = parse_range(None, str(start), str(start + 3600 * hours), None, now=NOW)
    assert asked.resolution == alone
    assert asked.reaching(None, NOW).resolution == beside
    assert asked.reaching(start - 3600 * 24 * 100, NOW).resolution == "1d"
