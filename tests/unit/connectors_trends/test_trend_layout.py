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
)

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


@pytest.mark.parametrize(
    ("name", "splits_hours", "distinct_hours", "distinct_splits_hours"),
    [("1m", 6, 2, 2), ("1h", 30 * 24, 8 * 24, 26), ("1d", 730 * 24, 90 * 24, 8 * 24)],
)
def test_what_is_told_apart_lives_its_own_retention(
    name: str, splits_hours: int, distinct_hours: int, distinct_splits_hours: int
) -> None:
    bucket = Bucket(name, 0)
    end = resolution(name).seconds
    assert bucket.splits_expire_at == end + splits_hours * 3600
    assert bucket.distinct_expire_at == end + distinct_hours * 3600
    assert bucket.distinct_splits_expire_at == end + distinct_splits_hours * 3600


def test_the_finest_buckets_tell_nothing_apart() -> None:
    bucket = Bucket("10s", 0)
    assert (bucket.splits_expire_at, bucket.distinct_expire_at) == (0, 0)
    assert bucket.distinct_splits_expire_at == 0


def test_all_keys_of_a_track_share_its_hash_tag() -> None:
    layout = TrendLayout("blue-voxpop")
    keys = [
        layout.fence("a b"),
        layout.late_dropped("a b"),
        layout.index("a b"),
        layout.bucket("a b", Bucket("1m", 60)),
        layout.splits("a b", Bucket("1m", 60)),
        layout.distinct("a b", Bucket("1m", 60), "conversations"),
        layout.distinct("a b", Bucket("1m", 60), "authors", ("platform", "bluesky")),
        layout.values("a b", "platform"),
    ]
    assert keys == [
        "blue-voxpop:{a b}:fence",
        "blue-voxpop:{a b}:late_dropped",
        "blue-voxpop:{a b}:buckets",
        "blue-voxpop:{a b}:1m:60",
        "blue-voxpop:{a b}:splits:1m:60",
        "blue-voxpop:{a b}:conversations:1m:60",
        "blue-voxpop:{a b}:authors:1m:60:platform:bluesky",
        "blue-voxpop:{a b}:values:platform",
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
