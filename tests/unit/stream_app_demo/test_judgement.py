"""Latency, tally and report of a run, from handwritten deliveries and counts."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.trends.layout import Bucket, resolution
from stream_app.demo.outcomes import Outcomes
from stream_app.demo.report import Report
from stream_app.trial.latency import SentPost, Visibility
from stream_app.trial.percentiles import percentiles
from stream_app.trial.tally import SentCounts, judge, suited_width


def sent(offset: int, partition: int = 0, track: str = "a", append_ms: int = 1000) -> SentPost:
    return SentPost(offset, partition, track, append_ms, created_at=105.0)


def test_a_post_is_visible_once_the_fence_of_its_track_and_partition_has_passed_it() -> None:
    visibility = Visibility()
    for post in (sent(3), sent(5), sent(4, partition=1), sent(2, track="b")):
        visibility.delivered(post)
    visibility.seen("a", {0: 4}, now_ms=1250)
    assert visibility.latencies_ms == [250]
    assert visibility.waiting() == 3
    assert visibility.lag() == {0: 2, 1: 1}


def test_a_fence_that_is_read_again_counts_no_post_twice() -> None:
    visibility = Visibility()
    visibility.delivered(sent(3))
    visibility.seen("a", {0: 3}, now_ms=1010)
    visibility.seen("a", {0: 9}, now_ms=1020)
    assert visibility.latencies_ms == [10]


@given(st.permutations(range(20)))
def test_deliveries_may_be_confirmed_in_any_order(offsets: list[int]) -> None:
    visibility = Visibility()
    for offset in offsets:
        visibility.delivered(sent(offset))
    visibility.seen("a", {0: 9}, now_ms=1001)
    assert (len(visibility.latencies_ms), visibility.waiting()) == (10, 10)


def test_percentiles_are_by_nearest_rank_and_unknown_without_values() -> None:
    assert percentiles([float(value) for value in range(1, 101)]) == {
        "p50": 50.0,
        "p95": 95.0,
        "p99": 99.0,
    }
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0}
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_a_lost_post_does_not_hide_a_double_one_in_another_bucket() -> None:
    first, second = ("a", Bucket("10s", 100)), ("a", Bucket("10s", 110))
    judgement = judge({first: 5, second: 5}, {first: 4, second: 6})
    assert (judgement.counted, judgement.lost, judgement.double_counted) == (10, 1, 1)


def test_a_bucket_that_nobody_sent_to_is_counted_double() -> None:
    judgement = judge({}, {("a", Bucket("10s", 100)): 2})
    assert (judgement.lost, judgement.double_counted) == (0, 2)


def test_sent_posts_stand_in_the_bucket_of_their_event_time() -> None:
    counts = SentCounts()
    for offset in range(3):
        counts.add(sent(offset))
    assert counts.at(resolution("10s")) == {("a", Bucket("10s", 100)): 3}
    assert counts.at(resolution("1m")) == {("a", Bucket("1m", 60)): 3}


def test_a_long_run_is_judged_by_buckets_that_still_live() -> None:
    for span_s in (60.0, 5 * 3600.0, 41 * 3600.0, 81 * 86400.0):
        assert suited_width(span_s).retention_s > span_s


def test_a_prediction_or_dead_letter_delivered_twice_is_one() -> None:
    outcomes = Outcomes()
    headers = {"source-partition": b"2", "source-offset": b"7", "reason": b"bad_tensor"}
    for _ in range(2):
        outcomes.prediction(b'{"source": {"topic": "posts", "partition": 1, "offset": 5}}')
        outcomes.dead_letter(headers)
    assert (outcomes.scored, outcomes.dead_lettered) == (1, 1)
    assert outcomes.rejected == {"bad_tensor": 1}


def report(lost: int = 0, double_counted: int = 0, dead_letters: int = 2) -> Report:
    return Report(
        posts_sent=10,
        posts_valid=8,
        posts_scored=8,
        posts_dead_lettered=dead_letters,
        posts_counted=8,
        lost=lost,
        double_counted=double_counted,
        posts_per_s=1.0,
        latency_ms=percentiles([]),
        worker_restarts=0,
    )


def test_a_run_is_clean_only_when_every_post_is_accounted_for() -> None:
    assert report().is_clean
    assert not report(lost=1).is_clean
    assert not report(double_counted=1).is_clean
    assert not report(dead_letters=1).is_clean
