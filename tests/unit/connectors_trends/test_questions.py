"""What is asked: ranges as buckets, and the resolution that still holds what is asked for."""

from operator import attrgetter

import pytest

from connectors.trends.questions import buckets_between
from connectors.trends.timespan import kept_resolution

NOW = 1_764_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("length", "ago", "splits", "distinct"),
    [
        (5 * MINUTE, 0, "1m", "1m"),
        (HOUR, 0, "1m", "1m"),
        (5 * MINUTE, 3 * HOUR, "1m", "1h"),
        (DAY, 0, "1h", "1h"),
        (7 * DAY, 0, "1h", "1h"),
        (HOUR, 7 * HOUR, "1h", "1h"),
        (DAY, 20 * DAY, "1h", "1d"),
        (30 * DAY, 0, "1d", "1d"),
        (HOUR, 900 * DAY, "1d", "1d"),
    ],
)
def test_a_range_is_read_by_what_is_still_kept(
    length: int, ago: int, splits: str, distinct: str
) -> None:
    start, end = NOW - ago - length, NOW - ago
    assert kept_resolution(start, end, NOW, attrgetter("splits_expire_at")) == splits
    assert kept_resolution(start, end, NOW, attrgetter("distinct_expire_at")) == distinct


@pytest.mark.parametrize(
    ("end", "said"), [(NOW + DAY, "holds 8640 buckets"), (1e300, "holds over 1000000000 buckets")]
)
def test_a_range_that_is_too_long_is_told_in_a_line(end: float, said: str) -> None:
    with pytest.raises(ValueError, match="take a coarser resolution") as refused:
        buckets_between(NOW, end, "10s")
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200
