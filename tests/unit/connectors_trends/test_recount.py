from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.prediction import Prediction
from connectors.trends.counting import summed
from connectors.trends.layout import Bucket
from connectors.trends.offsets import OffsetSet
from connectors.trends.positions import Settled
from connectors.trends.predictions import even_shares
from connectors.trends.recount import (
    DIFFERING_REGISTERS,
    Basis,
    Difference,
    Recount,
    ScatteredCopiesError,
    comparable,
    differences,
)
from connectors.trends.snapshot import TrackSnapshot
from connectors.trends.totals import Total
from connectors.trends.verify import compare
from tests.conftest import PredictionMaker

NOW = 1_764_000_000
FIELD = "posts@id-1:0"
SETTLED = Settled("posts", "id-1")


VALUES = {"platform": frozenset(["bluesky"]), "language": frozenset(["en"])}


def snapshot(
    track: str, fence: dict[str, int], buckets: dict[Bucket, dict[str, int]] | None = None
) -> TrackSnapshot:
    return TrackSnapshot(track, NOW, fence, buckets or {}, values=VALUES)


def held(posts: list[Prediction]) -> TrackSnapshot:
    """A snapshot as a sink that counted these posts leaves it."""
    found = snapshot("a", {FIELD: len(posts) - 1})
    for bucket, sums in summed(posts).items():
        alive = bucket.splits_expire_at > NOW
        found.buckets[bucket] = dict(sums.fields(VALUES) if alive else sums.counts)
        heard = Total()
        heard.heard.hear(sums.voices)
        for split, voices in sums.voices_within.items():
            heard.heard_within[split].hear(voices)
        found.distinct[bucket] = heard.registers(
            VALUES, within=bucket.distinct_splits_expire_at > NOW
        )
    return found


def recount_of(
    snapshots: dict[str, TrackSnapshot], settled: Settled = SETTLED, alive_after: int = 0
) -> Recount:
    return Recount(Basis.of(settled, snapshots, alive_after))


def feed(recount: Recount, predictions: list[Prediction], topic_id: str = "id-1") -> None:
    for prediction in predictions:
        recount.add(prediction.encoded, topic_id)


@given(st.lists(st.integers(0, 200_000)))
def test_a_set_of_offsets_tells_each_once(offsets: list[int]) -> None:
    seen, model = OffsetSet(), set()
    for offset in offsets:
        assert seen.add(offset) == (offset not in model)
        model.add(offset)


def test_what_the_sink_counted_is_what_is_expected(predict: PredictionMaker) -> None:
    posts = [
        predict(
            at,
            ["a"],
            NOW - 40 * at,
            sentiment=at % 3,
            previous=("negative", "positive", None)[at % 5 % 3],
            platform=("bluesky", "reddit", "mastodon")[at % 3],
        )
        for at in range(50)
    ]
    recount = recount_of({"a": snapshot("a", {FIELD: 49})})
    feed(recount, posts)
    assert recount.expected(snapshot("a", {})) == held(posts).buckets
    assert (recount.predictions, recount.posts) == (50, 50)


def test_a_duplicate_counts_nothing(predict: PredictionMaker) -> None:
    recount = recount_of({"a": snapshot("a", {FIELD: 9})})
    feed(recount, [predict(0, ["a"], NOW), predict(0, ["a"], NOW), predict(0, ["a"], NOW)])
    assert (recount.predictions, recount.posts) == (3, 1)
    assert recount.expected(snapshot("a", {}))[Bucket("1m", NOW)]["posts"] == 1


def test_another_incarnation_or_partition_is_no_duplicate(predict: PredictionMaker) -> None:
    fence = {FIELD: 9, "posts@id-2:0": 9, "posts@id-1:1": 9}
    recount = recount_of({"a": snapshot("a", fence)})
    feed(recount, [predict(0, ["a"], NOW), predict(0, ["a"], NOW, partition=1)])
    feed(recount, [predict(0, ["a"], NOW)], "id-2")
    assert recount.posts == 3


def test_all_that_came_before_the_topic_was_made_again_counts_unless_a_fence_says_less(
    predict: PredictionMaker,
) -> None:
    snapshots = {"a": snapshot("a", {"posts@id-0:0": 1}), "b": snapshot("b", {})}
    recount = recount_of(snapshots, Settled("posts", "id-1", {0: 0}))
    feed(recount, [predict(at, ["a", "b"], NOW) for at in range(5)], "id-0")
    counted = [recount.expected(each)[Bucket("1m", NOW)]["posts"] for each in snapshots.values()]
    assert counted == [2, 5]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20)), max_size=60), st.data())
def test_recounts_of_shares_merge_to_the_recount_of_all(
    predict: PredictionMaker, places: list[tuple[int, int]], data: st.DataObject
) -> None:
    fence = {f"posts@id-1:{partition}": 15 for partition in range(3)}
    snapshots = {"a": snapshot("a", fence), "b": snapshot("b", {})}
    settled = Settled("posts", "id-1", {0: 7, 1: 30})
    whole = recount_of(snapshots, settled)
    parts = [recount_of(snapshots, settled) for _ in range(2)]
    for partition, offset in places:
        post = predict(offset, ["a", "b", "a"][offset % 2 :], NOW + offset, partition=partition)
        feed(whole, [post])
        feed(parts[partition % 2], [post])
    merged = recount_of(snapshots, settled)
    for part in data.draw(st.permutations(parts)):
        merged.merge(part)
    assert (merged.predictions, merged.posts) == (whole.predictions, whole.posts)
    for track, own in snapshots.items():
        assert merged.expected(own) == whole.expected(own)
        held = snapshot(track, {})
        assert merged.distinct(held) == whole.distinct(held)


def test_copies_that_were_read_apart_are_noticed(predict: PredictionMaker) -> None:
    first, second = recount_of({}), recount_of({})
    feed(first, [predict(at, ["a"], NOW) for at in range(5)])
    feed(second, [predict(4, ["a"], NOW)])
    with pytest.raises(ScatteredCopiesError):
        first.merge(second)


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 1000)), st.integers(1, 5))
def test_shares_hold_every_partition_with_records_once(sizes: dict[int, int], most: int) -> None:
    shares = even_shares(sizes, most)
    assert sorted(p for share in shares for p in share) == sorted(p for p in sizes if sizes[p])
    assert len(shares) <= most
    loads = [sum(sizes[p] for p in share) for share in shares]
    assert not loads or max(loads) - min(loads) <= max(sizes.values())


def test_each_track_counts_up_to_its_own_fence(predict: PredictionMaker) -> None:
    recount = recount_of({"a": snapshot("a", {FIELD: 4}), "b": snapshot("b", {FIELD: 6})})
    feed(recount, [predict(at, ["a", "b", "unseen"], NOW) for at in range(10)])
    counted = {
        track: recount.expected(snapshot(track, {})).get(Bucket("1m", NOW), Counter())["posts"]
        for track in ("a", "b", "unseen")
    }
    assert counted == {"a": 5, "b": 7, "unseen": 0}


def test_what_the_workers_had_committed_counts_even_where_redis_lost_its_fence(
    predict: PredictionMaker,
) -> None:
    recount = recount_of({"a": snapshot("a", {})}, Settled("posts", "id-1", {0: 2}))
    feed(recount, [predict(at, ["a", "lost"], NOW) for at in range(5)])
    found = compare(recount, {"a": snapshot("a", {})}, NOW)
    assert recount.posts == 3
    assert found.tracks == 2
    lost = Difference("lost", "10s", NOW, "posts", expected=3, found=0)
    assert lost in found.differences


def test_equal_counts_are_no_difference(predict: PredictionMaker) -> None:
    posts = [predict(at, ["a"], NOW - at) for at in range(20)]
    snapshots = {"a": held(posts)}
    recount = recount_of(snapshots)
    feed(recount, posts)
    found = compare(recount, snapshots, NOW)
    assert (found.differing, found.differences) == (0, ())
    assert found.buckets == len(snapshots["a"].buckets)


def test_a_post_of_another_conversation_or_author_is_a_difference(
    predict: PredictionMaker,
) -> None:
    counted = [predict(at, ["a"], NOW, author_hash=f"{at:016x}") for at in range(9)]
    told = [predict(at, ["a"], NOW, conversation=f"c{at}") for at in range(9)]
    snapshots = {"a": held(counted)}
    recount = recount_of(snapshots)
    feed(recount, told)
    found = compare(recount, snapshots, NOW)
    wanted = {
        (resolution, within + kind + DIFFERING_REGISTERS)
        for resolution in ("1m", "1h", "1d")
        for kind in ("conversations", "authors")
        for within in ("", "platform:bluesky ", "language:en ")
    }
    assert {(off.resolution, off.field) for off in found.differences} == wanted
    assert all(off.found > 0 for off in found.differences)


def test_counts_by_platform_that_may_have_expired_are_not_compared(
    predict: PredictionMaker,
) -> None:
    old = [predict(0, ["a"], NOW - 7 * 3600)]  # its minute lives two days, the split six hours
    snapshots = {"a": held(old)}
    recount = recount_of(snapshots)
    feed(recount, old)
    assert compare(recount, snapshots, NOW).differences == ()
    minute = Bucket("1m", NOW - 7 * 3600)
    assert not [
        name
        for name in recount.expected(snapshot("a", {}))[minute]
        if ":" in name.split(" ")[0] and " " in name
    ]


def test_every_count_that_is_off_is_a_difference() -> None:
    bucket, other = Bucket("1h", NOW // 3600 * 3600), Bucket("1d", NOW // 86400 * 86400)
    found = snapshot("a", {}, {bucket: {"posts": 3, "emotion:sad": 1}, other: {"posts": 1}})
    expected = {bucket: {"posts": 2, "sentiment:neutral": 2}}
    assert list(differences(found, expected, [bucket])) == [
        Difference("a", "1h", bucket.start, "emotion:sad", 0, 1),
        Difference("a", "1h", bucket.start, "posts", 2, 3),
        Difference("a", "1h", bucket.start, "sentiment:neutral", 2, 0),
    ]
    assert list(differences(found, expected, [other])) == [
        Difference("a", "1d", other.start, "posts", 0, 1)
    ]


def test_a_track_in_redis_that_no_prediction_names_is_a_difference() -> None:
    snapshots = {"a": snapshot("a", {}, {Bucket("1m", NOW): {"posts": 1}})}
    found = compare(recount_of(snapshots), snapshots, NOW)
    assert found.differences == (Difference("a", "1m", NOW, "posts", 0, 1),)


def test_buckets_near_their_expiry_or_made_meanwhile_are_not_compared() -> None:
    gone, going = Bucket("10s", NOW - 10 - 6 * 3600), Bucket("10s", NOW - 6 * 3600)
    alive, unread = Bucket("10s", NOW - 6 * 3600 + 10), Bucket("10s", NOW)
    found = TrackSnapshot("a", NOW + 7, {}, {going: {"posts": 1}}, frozenset({unread}))
    one = {"posts": 1}
    assert comparable(found, {gone: one, alive: one, unread: one}) == [alive]


def test_only_buckets_wholly_inside_the_range_are_compared() -> None:
    buckets = {Bucket("1m", NOW + 60 * at): {"posts": 1} for at in range(5)}
    found = snapshot("a", {}, buckets)
    compared = comparable(found, {}, start=NOW + 30, end=NOW + 239)
    assert compared == [Bucket("1m", NOW + 60), Bucket("1m", NOW + 120)]


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b'{"source": 1}'])
def test_what_is_no_prediction_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"Input|Object|Expected"):
        recount_of({}).add(value, "id-1")
