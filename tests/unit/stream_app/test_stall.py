"""A partition is stalled when it stands below the high-water mark for the whole patience."""

from stream_app.core.stall import StallDetector


def test_a_partition_that_stands_still_below_the_end_is_stalled_once_a_patience() -> None:
    detector = StallDetector(3.0)
    assert not detector.stalled(0, 5, 9, 0.0)
    assert not detector.stalled(0, 5, 9, 2.9)
    assert detector.stalled(0, 5, 9, 3.0)
    assert not detector.stalled(0, 5, 9, 5.9)
    assert detector.stalled(0, 5, 9, 6.0)


def test_progress_starts_the_patience_anew() -> None:
    detector = StallDetector(3.0)
    detector.stalled(0, 5, 9, 0.0)
    assert not detector.stalled(0, 6, 9, 3.5)
    assert not detector.stalled(0, 6, 9, 6.0)


def test_a_partition_at_the_end_is_never_stalled() -> None:
    detector = StallDetector(3.0)
    assert not any(detector.stalled(0, 9, 9, float(now)) for now in range(20))


def test_a_new_record_after_a_quiet_time_is_given_the_whole_patience() -> None:
    detector = StallDetector(3.0)
    detector.stalled(0, 9, 9, 0.0)
    detector.stalled(0, 9, 9, 100.0)
    assert not detector.stalled(0, 9, 10, 101.0)
