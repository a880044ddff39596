"""The steady part of a run: the start and the tail do not count."""

import pytest

from benchmarks.steady import BenchmarkStoppedError, steady_rate


def test_only_the_steady_part_counts() -> None:
    slow_start = [(0.0, 0), (50.0, 10)]
    steady = [(50.0 + second, 10 + 10 * second) for second in range(1, 9)]
    slow_end = [(200.0, 100)]
    assert steady_rate([*slow_start, *steady, *slow_end], 100) == pytest.approx(10)


def test_a_backlog_counted_at_once_has_no_rate() -> None:
    with pytest.raises(BenchmarkStoppedError, match="too few posts"):
        steady_rate([(0.0, 0), (1.0, 100)], 100)
