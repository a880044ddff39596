import math

import pytest

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.layout import Bucket
from connectors.trends.questions import MOST_BUCKETS, buckets_between
from connectors.trends.series import assemble
from connectors.trends.wilson import wilson_interval

FIELDS: dict[bytes | str, bytes | str] = {
    b"posts": b"4",
    b"sentiment:negative": b"3",
    b"sentiment:positive": b"1",
    b"emotion:angry": b"4",
    b"ps:negative": b"2500000",
    b"ps:positive": b"1500000",
    b"pm:text": b"4000000",
    b"after:positive": b"2",
    b"turn:negative": b"1",
    b"model:m-1": b"4",
}


def test_a_bucket_lists_every_label_with_its_share_and_interval() -> None:
    series = assemble("acme", 120, [Bucket("1m", 60)], [FIELDS])
    (bucket,) = series.buckets
    assert (bucket.start, bucket.posts) == (60, 4)
    assert bucket.sentiment == {"negative": 3, "neutral": 0, "positive": 1}
    assert list(bucket.emotion) == list(EMOTIONS)
    share = bucket.sentiment_shares["negative"]
    assert (share.share, (share.low, share.high)) == (0.75, wilson_interval(3, 4))
    assert list(bucket.sentiment_shares) == list(SENTIMENTS)
    assert bucket.models == {"m-1": 4}
    assert bucket.net == -0.5
    assert bucket.sentiment_means == {"negative": 0.625, "neutral": 0.0, "positive": 0.375}
    assert bucket.modalities == {"text": 1.0, "audio": 0.0, "visual": 0.0}
    assert bucket.after == {"negative": 0, "neutral": 0, "positive": 2}
    assert bucket.turns == {"negative": 1, "positive": 0}


def test_the_total_sums_the_buckets_and_empty_ones_are_left_out() -> None:
    wanted = [Bucket("1m", start) for start in (0, 60, 120)]
    series = assemble("acme", 180, wanted, [FIELDS, {}, FIELDS])
    assert [bucket.start for bucket in series.buckets] == [0, 120]
    assert series.total.posts == 8
    assert series.total.sentiment == {"negative": 6, "neutral": 0, "positive": 2}
    assert (series.start, series.end, series.resolution) == (0, 180, "1m")


def test_without_posts_nothing_is_known_of_a_share() -> None:
    series = assemble("acme", 60, [Bucket("1m", 0)], [{}])
    share = series.total.emotion_shares["sad"]
    assert (series.buckets, share.share, share.low, share.high) == ([], None, 0.0, 1.0)


def test_a_client_that_decodes_its_answers_will_do() -> None:
    decoded: dict[bytes | str, bytes | str] = {"posts": "1", "sentiment:neutral": "1"}
    assert assemble("acme", 60, [Bucket("1m", 0)], [decoded]).total.sentiment["neutral"] == 1


def test_a_range_begins_with_the_bucket_that_holds_its_start_and_leaves_out_its_end() -> None:
    starts = [bucket.start for bucket in buckets_between(119.9, 240, "1m")]
    assert starts == [60, 120, 180]
    assert [bucket.start for bucket in buckets_between(120, 240.1, "1m")] == [120, 180, 240]


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (math.nan, 5), (0, math.inf)])
def test_an_empty_or_endless_range_is_refused(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="range is empty"):
        buckets_between(start, end, "1m")


def test_a_range_of_too_many_buckets_is_refused_with_what_to_do() -> None:
    assert len(buckets_between(0, 10 * MOST_BUCKETS, "10s")) == MOST_BUCKETS
    with pytest.raises(ValueError, match="coarser resolution"):
        buckets_between(0, 10 * MOST_BUCKETS + 1, "10s")


def weighed(times: int, **labels: int) -> dict[bytes | str, bytes | str]:
    """A bucket whose posts each stand for as many, by sentiment."""
    posts = times * sum(labels.values())
    fields = {f"sentiment:{label}": times * own for label, own in labels.items()}
    fields |= {"posts": posts, "shed": posts - posts // times, "shed:squares": posts * (times - 1)}
    return {name: str(count) for name, count in fields.items()}


def test_where_posts_stand_for_others_the_interval_is_that_of_those_scored() -> None:
    total = assemble("a", 60, [Bucket("1m", 0)], [weighed(8, negative=3, neutral=7)]).total
    assert (total.posts, total.scored_posts, total.effective_posts) == (80, 10, 10.0)
    assert total.sampled
    share = total.sentiment_shares["negative"]
    assert share.share == 0.3
    assert (share.low, share.high) == pytest.approx(wilson_interval(3, 10))


def test_posts_of_unequal_weight_tell_less_than_as_many_alike() -> None:
    found = [weighed(1, neutral=10), weighed(9, neutral=10)]
    total = assemble("a", 120, [Bucket("1m", 0), Bucket("1m", 60)], found).total
    assert (total.posts, total.scored_posts) == (100, 20)
    assert total.effective_posts == pytest.approx(100**2 / (10 * 1 + 10 * 81))
    assert total.sentiment_shares["neutral"].high == 1.0
