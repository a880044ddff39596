from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.trends.layout import (
    RESOLUTIONS,
    Bucket,
    Resolution,
    TrendLayout,
    bucket_start,
    resolution,
    summed,
)
from tests.conftest import PredictionMaker

MOMENTS = st.floats(-1e9, 4e9, allow_nan=False)


@given(MOMENTS, st.sampled_from(RESOLUTIONS))
def test_a_bucket_holds_its_moment(created_at: float, width: Resolution) -> None:
    start = bucket_start(created_at, width)
    assert start % width.seconds == 0
    assert start <= created_at < start + width.seconds


@given(MOMENTS, st.sampled_from(RESOLUTIONS))
def test_every_bucket_lies_in_one_bucket_of_each_coarser_resolution(
    created_at: float, width: Resolution
) -> None:
    finest = bucket_start(created_at, RESOLUTIONS[0])
    assert bucket_start(finest, width) == bucket_start(created_at, width)


@pytest.mark.parametrize(
    ("name", "hours"), [("10s", 6), ("1m", 48), ("1h", 90 * 24), ("1d", 730 * 24)]
)
def test_a_bucket_lives_its_retention_after_its_end(name: str, hours: int) -> None:
    assert Bucket(name, 0).expires_at == resolution(name).seconds + hours * 3600


def test_a_batch_is_summed_into_every_resolution(predict: PredictionMaker) -> None:
    hour = 1_764_000_000 // 3600 * 3600
    posts = [
        predict(0, ["a"], hour + 3.5, sentiment=0, emotion=5),
        predict(1, ["a"], hour + 9.9, sentiment=2, emotion=0),
        predict(2, ["a"], hour + 10, sentiment=2, emotion=0, model_version="m-2"),
    ]
    totals = summed(posts)
    first_two = {
        "posts": 2,
        "sentiment:negative": 1,
        "sentiment:positive": 1,
        "emotion:angry": 1,
        "emotion:happy": 1,
        "model:m-1": 2,
    }
    assert totals[Bucket("10s", hour)] == first_two
    assert totals[Bucket("10s", hour + 10)]["posts"] == 1
    assert totals[Bucket("1m", hour)] == Counter(first_two) + Counter(
        {"posts": 1, "sentiment:positive": 1, "emotion:happy": 1, "model:m-2": 1}
    )
    assert sum(counts["posts"] for counts in totals.values()) == 3 * len(RESOLUTIONS)


def test_all_keys_of_a_track_share_its_hash_tag() -> None:
    layout = TrendLayout("blue-voxpop")
    keys = [
        layout.fence("a b"),
        layout.late_dropped("a b"),
        layout.index("a b"),
        layout.bucket("a b", Bucket("1m", 60)),
    ]
    assert keys == [
        "blue-voxpop:{a b}:fence",
        "blue-voxpop:{a b}:late_dropped",
        "blue-voxpop:{a b}:buckets",
        "blue-voxpop:{a b}:1m:60",
    ]


@pytest.mark.parametrize("track", ["", "a{b", "a}b"])
def test_a_track_that_cannot_be_a_hash_tag_is_refused(track: str) -> None:
    with pytest.raises(ValueError, match="hash tag"):
        TrendLayout().fence(track)


def test_a_namespace_with_a_brace_is_refused() -> None:
    with pytest.raises(ValueError, match="brace"):
        TrendLayout("a{b")


def test_an_unknown_resolution_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="10s, 1m, 1h, 1d"):
        resolution("5m")
