"""Trends made again on a real Valkey while posts are counted: exact, whatever was lost."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError

from connectors.conversations.source import SourcePartition
from connectors.schemas.prediction import Prediction
from connectors.trends.counting import MOST_VALUES, Sums, summed
from connectors.trends.layout import Bucket, TrendLayout
from connectors.trends.positions import Settled
from connectors.trends.rebuild import RebuildError, Rebuilt, Scope, rebuild
from connectors.trends.recount import Basis, Recount
from connectors.trends.repairs import Mark, Repairs, needed_repairs
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import take_snapshot
from connectors.trends.totals import Total
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

TRACKS = ("a", "b", "c")
VALUES = {"platform": ("bluesky", "reddit", "mastodon"), "language": ("en", "de", "und")}
PARTITIONS = 2


class Deployment:
    """A worker's three effects, and `predictions` and commits in memory."""

    def __init__(
        self, client: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
    ) -> None:
        self.client = client
        self.layout = TrendLayout(namespace)
        self.delivered: list[Prediction] = []
        self.committed: dict[int, int] = {}
        self.whole: float | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self._sink = TrendSink(client, self.layout)
        self._predict = predict
        self._next = dict.fromkeys(range(PARTITIONS), 0)
        self._now = time.time()

    async def work(self, batches: int, seed: int = 0) -> None:
        """Deliver, count and commit batches."""
        draw = random.Random(seed)
        for _ in range(batches):
            batch = self.deliver(draw, draw.randrange(PARTITIONS), draw.randrange(1, 6))
            await self.count(batch)
            await asyncio.sleep(0)
            self.commit(batch)

    def deliver(self, draw: random.Random, partition: int, posts: int) -> list[Prediction]:
        batch = []
        for _ in range(posts):
            tracks = draw.sample(TRACKS, draw.randrange(1, 3))
            created_at = self._now - draw.choice((0, 5, 300, 90_000))
            offset = self._next[partition]
            self._next[partition] += 1
            batch.append(
                self._predict(
                    offset,
                    tracks,
                    created_at,
                    partition=partition,
                    sentiment=draw.randrange(3),
                    platform=draw.choice(VALUES["platform"]),
                    lang=draw.choice(("en", "de", None)),
                    conversation=f"c{draw.randrange(40)}",
                    author_hash=f"{draw.randrange(50):016x}",
                    previous=draw.choice(("positive", "negative", None)),
                    stands_for=draw.choice((1, 1, 4)),
                )
            )
        self.delivered += batch
        return batch

    async def count(self, batch: Sequence[Prediction]) -> None:
        source = SourcePartition("posts", "id-1", batch[0].source.partition)
        await self._sink.apply({source.field: batch})

    def commit(self, batch: Sequence[Prediction]) -> None:
        self.committed[batch[0].source.partition] = batch[-1].source.offset

    async def settled(self) -> Settled:
        return Settled("posts", "id-1", dict(self.committed))

    async def recount(self, basis: Basis) -> Recount:
        if self.meanwhile:
            await self.meanwhile()
        recount = Recount(basis)
        for post in self.delivered:
            recount.add(post.encoded, "id-1")
        return recount

    async def whole_since(self) -> float | None:
        return self.whole

    async def rebuild(self, scope: Scope | None = None) -> Rebuilt:
        return await rebuild(self, self.client, self.layout, scope or Scope())

    def all_keys(self) -> list[str]:
        """Keys of all tracks, and last the set of their names."""
        layout, keys = self.layout, []
        for track in TRACKS:
            keys += [layout.fence(track), layout.index(track)]
            keys += [layout.values(track, dimension) for dimension in MOST_VALUES]
            for bucket in self.sums(track):
                keys += [layout.bucket(track, bucket), layout.splits(track, bucket)]
                keys += self.distinct_keys(track, bucket)
        return [*keys, layout.tracks]

    def distinct_keys(self, track: str, bucket: Bucket) -> list[str]:
        """Of the distinct counts that a bucket may have, whole and within."""
        split_values = [
            (dimension, value)
            for dimension, values in VALUES.items()
            for value in (*values, "other")
        ]
        return [
            self.layout.distinct(track, bucket, kind, split)
            for split in (None, *split_values)
            for kind in ("conversations", "authors")
        ]

    def sums(self, track: str) -> dict[Bucket, Sums]:
        """Of the live buckets of a track, by what was delivered."""
        now = time.time()
        sums = summed([post for post in self.delivered if track in post.tracks])
        return {bucket: own for bucket, own in sums.items() if bucket.expires_at > now}

    async def assert_exact(self, *, distinct: bool = True) -> None:
        for track in TRACKS:
            snapshot = await take_snapshot(self.client, self.layout, track)
            sums = self.sums(track)
            alive = time.time()
            for bucket, own in sums.items():
                whole = bucket.splits_expire_at > alive
                expected = own.fields(snapshot.values) if whole else own.counts
                assert snapshot.buckets[bucket] == dict(expected)
            assert snapshot.buckets.keys() == sums.keys()
            told_apart = {split for own in sums.values() for split in own.splits}
            for dimension, values in snapshot.values.items():
                assert values == {value for own, value in told_apart if own == dimension}
            if distinct:
                assert snapshot.distinct == {
                    bucket: registers(own, snapshot.values, within=whole)
                    for bucket, own in sums.items()
                    if bucket.distinct_expire_at > time.time()
                    for whole in [bucket.distinct_splits_expire_at > time.time()]
                }
            await self._assert_expiries(track, sums)

    async def _assert_expiries(self, track: str, sums: Mapping[Bucket, Sums]) -> None:
        now, layout = time.time(), self.layout
        for bucket, own in sums.items():
            expected = {layout.bucket(track, bucket): bucket.expires_at}
            expected[layout.splits(track, bucket)] = bucket.splits_expire_at
            for kind in ("conversations", "authors"):
                expected[layout.distinct(track, bucket, kind)] = bucket.distinct_expire_at
                for split in own.voices_within:
                    within = layout.distinct(track, bucket, kind, split)
                    expected[within] = bucket.distinct_splits_expire_at
            for key, expires_at in expected.items():
                if expires_at > now:
                    assert await self.client.expiretime(key) == expires_at


def registers(
    sums: Sums, values: Mapping[str, frozenset[str]], *, within: bool
) -> dict[str, bytes]:
    """Of the distinct counts of a bucket, by name."""
    total = Total()
    total.heard.hear(sums.voices)
    for split, voices in sums.voices_within.items():
        total.heard_within[split].hear(voices)
    return total.registers(values, within=within)


@pytest.fixture
def voxpop(valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker) -> Deployment:
    return Deployment(valkey, namespace, predict)


async def test_all_that_redis_lost_comes_back(voxpop: Deployment) -> None:
    await voxpop.work(60)
    await voxpop.client.delete(*voxpop.all_keys())
    done = await voxpop.rebuild()
    await voxpop.assert_exact()
    assert (done.posts, done.tracks, done.removed, done.surplus) == (
        len(voxpop.delivered),
        3,
        0,
        [],
    )
    assert done.buckets == sum(len(voxpop.sums(track)) for track in TRACKS)
    again = await voxpop.rebuild()
    assert (again.buckets, again.rounds) == (0, 1)


@pytest.mark.parametrize("seed", range(8))
async def test_it_is_exact_while_posts_are_counted_whatever_keys_were_lost(
    voxpop: Deployment, seed: int
) -> None:
    draw = random.Random(seed)
    await voxpop.work(60, seed)
    lost = draw.sample(voxpop.all_keys(), draw.randrange(1, 30))
    await voxpop.client.delete(*lost)
    working = asyncio.create_task(voxpop.work(80, seed + 100))
    for _ in range(draw.randrange(40)):
        await asyncio.sleep(0)
    await voxpop.rebuild()
    await working
    await voxpop.assert_exact()


async def test_a_batch_that_is_delivered_but_not_yet_counted_counts_once(
    voxpop: Deployment,
) -> None:
    await voxpop.work(20)
    await voxpop.client.delete(*voxpop.all_keys())
    in_flight = voxpop.deliver(random.Random(1), 0, 9)
    voxpop.meanwhile = lambda: voxpop.count(in_flight)
    await voxpop.rebuild()
    await voxpop.count(in_flight)  # comes again after a crash
    await voxpop.assert_exact()


async def test_what_a_worker_counts_again_of_its_last_batch_counts_once(
    voxpop: Deployment,
) -> None:
    await voxpop.work(20)
    last = voxpop.deliver(random.Random(1), 0, 9)
    await voxpop.count(last)
    voxpop.commit(last)
    await voxpop.client.delete(*voxpop.all_keys()[:-1])  # its tracks are still named
    voxpop.meanwhile = lambda: voxpop.count(last)
    await voxpop.rebuild()
    await voxpop.assert_exact()


async def test_a_rebuild_that_ended_half_way_is_repeated(
    voxpop: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.trends.repairs.BUCKETS_AT_ONCE", 2)
    await voxpop.work(60)
    await voxpop.client.delete(*voxpop.all_keys())
    whole, calls = Repairs._call, 0

    def cut_off(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise RedisConnectionError("gone")
        return whole(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Repairs, "_call", cut_off)
        with pytest.raises(RedisConnectionError):
            await voxpop.rebuild()
    await voxpop.work(10, 7)
    await voxpop.rebuild()
    await voxpop.assert_exact()


async def test_a_step_whose_answer_was_lost_is_not_done_twice(voxpop: Deployment) -> None:
    await voxpop.work(30)
    bucket = max(voxpop.sums("a"))
    await voxpop.client.delete(voxpop.layout.bucket("a", bucket), voxpop.layout.splits("a", bucket))
    repairs = Repairs(voxpop.client, voxpop.layout, "run-1")
    snapshot = await take_snapshot(voxpop.client, voxpop.layout, "a")
    expected = {bucket: voxpop.sums("a")[bucket].fields(snapshot.values)}
    needed = needed_repairs(snapshot, expected, expected)
    call = repairs._call("a", Mark("", ""), Mark("run-1", "0"), needed)
    for _ in range(2):
        assert await repairs._repair.run(voxpop.client, [call]) == [[1, 0]]
    await voxpop.assert_exact()


async def test_of_two_rebuilds_at_once_each_difference_is_added_by_one(
    voxpop: Deployment,
) -> None:
    await voxpop.work(60)
    await voxpop.client.delete(*voxpop.all_keys())
    await asyncio.gather(voxpop.rebuild(), voxpop.rebuild(), voxpop.work(30, 5))
    await voxpop.assert_exact()


async def test_rebuilds_that_never_let_each_other_finish_end_with_an_error(
    voxpop: Deployment,
) -> None:
    await voxpop.work(20)
    await voxpop.client.delete(*voxpop.all_keys())

    async def other_writes() -> None:
        for track in TRACKS:
            rebuilt = voxpop.layout.rebuilt(track)
            await voxpop.client.hset(rebuilt, "run", f"other-{time.monotonic_ns()}")

    voxpop.meanwhile = other_writes
    with pytest.raises(RebuildError, match="no other rebuild"):
        await voxpop.rebuild()


async def test_buckets_that_only_the_index_lost_are_not_counted_twice(voxpop: Deployment) -> None:
    await voxpop.work(40)
    await voxpop.client.delete(voxpop.layout.index("a"), voxpop.layout.tracks)
    done = await voxpop.rebuild()
    await voxpop.assert_exact()
    assert done.rounds > 1


async def test_posts_that_predictions_do_not_hold_stay_unless_told_otherwise(
    voxpop: Deployment,
) -> None:
    await voxpop.work(40)
    bucket = max(voxpop.sums("a"))
    posts = voxpop.sums("a")[bucket].counts["posts"]
    too_many = {"posts": 3, "sentiment:neutral": 2, "sentiment:unheard": 1}
    for name, count in too_many.items():
        await voxpop.client.hincrby(voxpop.layout.bucket("a", bucket), name, count)
    kept = await voxpop.rebuild()
    (surplus,) = kept.surplus
    assert (kept.buckets, surplus.track, surplus.found) == (0, "a", posts + 3)
    assert (surplus.expected, surplus.bucket_start) == (posts, bucket.start)
    lowered = await voxpop.rebuild(Scope(lower=True))
    assert (lowered.buckets, lowered.removed, lowered.surplus) == (1, 3, [])
    await voxpop.assert_exact()


async def test_a_bucket_of_nothing_but_surplus_leaves_the_index(voxpop: Deployment) -> None:
    await voxpop.work(10)
    batch = voxpop.deliver(random.Random(3), 0, 1)
    await voxpop.count(batch)
    del voxpop.delivered[-1]
    await voxpop.rebuild(Scope(lower=True))
    await voxpop.assert_exact()


async def test_distinct_counts_that_hold_too_much_stay_unless_told_otherwise(
    voxpop: Deployment,
) -> None:
    await voxpop.work(40)
    bucket = Bucket("1d", int(voxpop.delivered[0].created_at) // 86_400 * 86_400)
    await voxpop.client.pfadd(
        voxpop.layout.distinct("a", bucket, "authors"), *(f"{at:016x}" for at in range(99))
    )
    kept = await voxpop.rebuild()
    assert {(each.track, each.field) for each in kept.surplus} == {
        ("a", "authors:differing registers")
    }
    voxpop.meanwhile = lambda: voxpop.work(3, 8)
    assert (await voxpop.rebuild(Scope(lower=True))).surplus == []
    await voxpop.assert_exact()


async def test_labels_that_a_second_scoring_changed_become_those_of_the_first(
    voxpop: Deployment,
) -> None:
    await voxpop.work(10)
    first = voxpop.deliver(random.Random(3), 0, 4)
    again = [replace(post, sentiment=replace(post.sentiment, label="negative")) for post in first]
    voxpop.delivered += again  # delivered twice, counted as the second: Redis had lost the first
    await voxpop.count(again)
    await voxpop.rebuild()
    del voxpop.delivered[-4:]
    await voxpop.assert_exact()


async def test_only_the_scope_is_put_right(voxpop: Deployment) -> None:
    await voxpop.work(40)
    now = time.time()
    await voxpop.client.delete(*voxpop.all_keys())
    await voxpop.rebuild(Scope(start=now - 3600))
    for track in TRACKS:
        snapshot = await take_snapshot(voxpop.client, voxpop.layout, track)
        inside = {bucket for bucket in voxpop.sums(track) if bucket.start >= now - 3600}
        assert snapshot.buckets.keys() == snapshot.distinct.keys() | inside == inside


async def test_what_may_have_been_in_predictions_that_are_gone_is_refused(
    voxpop: Deployment,
) -> None:
    await voxpop.work(10)
    voxpop.whole = time.time() - 3600
    for scope in (Scope(), Scope(start=voxpop.whole - 1)):
        with pytest.raises(RebuildError, match="give a --start"):
            await voxpop.rebuild(scope)
    await voxpop.client.delete(*voxpop.all_keys())
    done = await voxpop.rebuild(Scope(start=voxpop.whole))
    assert done.buckets > 0
