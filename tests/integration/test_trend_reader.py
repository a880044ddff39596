"""Readers and snapshots against a real Valkey."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import pytest
import redis.asyncio

from connectors.redis_connection import RedisConnection
from connectors.schemas.prediction import Prediction
from connectors.trends.counting import summed
from connectors.trends.layout import Bucket, TrendLayout
from connectors.trends.reader import SyncTrendReader, TrendReader
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import take_snapshot
from tests.conftest import SURE, PredictionMaker

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"
VALUES = {"platform": ["bluesky"], "language": ["en"]}


def fields(posts: Sequence[Prediction]) -> dict[Bucket, Counter[str]]:
    """Counts by name of recent posts, as a snapshot holds them."""
    return {
        bucket: sums.fields(VALUES) if bucket.splits_expire_at else Counter(sums.counts)
        for bucket, sums in summed(posts).items()
    }


async def test_both_readers_answer_what_the_sink_counted(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    minute = int(now) // 60 * 60
    posts = [predict(at, ["a"], minute - 60 * (at % 3), sentiment=at % 2) for at in range(9)]
    await TrendSink(valkey, layout).apply({FIELD: [*posts, predict(9, ["b"], now - 7 * 3600)]})
    reader = TrendReader(valkey, layout)
    series = await reader.trends("a", minute - 120, now, "1m")
    assert [(bucket.start, bucket.posts) for bucket in series.buckets] == [
        (minute - 120, 3),
        (minute - 60, 3),
        (minute, 3),
    ]
    assert series.total.sentiment == {"negative": 5, "neutral": 4, "positive": 0}
    last = await reader.window("a", "1h", now)
    assert (last.total, last.resolution) == (series.total, "1m")
    assert await reader.tracks() == ["a", "b"]
    assert await reader.late_dropped("b") == {"10s": 1}
    with RedisConnection(valkey_url).open_sync() as client:
        sync_reader = SyncTrendReader(client, layout)
        assert sync_reader.trends("a", minute - 120, now, "1m") == series
        assert sync_reader.window("a", "1h", now) == last
        assert sync_reader.tracks() == ["a", "b"]
        assert sync_reader.late_dropped("b") == {"10s": 1}


async def test_a_track_is_told_apart_by_platform_and_language(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = [
        predict(
            at,
            ["a"],
            now - 30 * at,
            sentiment=at % 2,
            platform=("bluesky", "reddit", "reddit")[at % 3],
            lang=("en", None)[at % 2],
        )
        for at in range(30)
    ]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    splits = await TrendReader(valkey, layout).splits("a", now - 3600, now + 1, now)
    assert splits.resolution == "1m"
    assert {name: own.posts for name, own in splits.platforms.items()} == {
        "reddit": 20,
        "bluesky": 10,
    }
    assert list(splits.platforms) == ["reddit", "bluesky"]  # most posts first
    assert splits.languages["und"].sentiment == {"negative": 0, "neutral": 15, "positive": 0}
    assert splits.languages["en"].sentiment_means["negative"] == SURE
    week = await TrendReader(valkey, layout).splits("a", now - 7 * 86_400, now + 1, now)
    assert (week.resolution, week.platforms) == ("1h", splits.platforms)
    with RedisConnection(valkey_url).open_sync() as client:
        assert SyncTrendReader(client, layout).splits("a", now - 3600, now + 1, now) == splits


async def test_conversations_and_authors_are_counted_once_over_buckets(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = [
        predict(
            at,
            ["a"],
            now - 60 * (at % 50),
            conversation=f"c{at % 20}",
            author_hash=f"{at % 33:016x}" if at % 4 else None,
            platform=["bluesky", "mastodon"][at % 20 > 14],
            lang=["en", "pt-BR"][at % 20 > 9],
        )
        for at in range(400)
    ]
    sink, reader = TrendSink(valkey, layout), TrendReader(valkey, layout)
    await sink.apply({FIELD: posts})
    await sink.apply({FIELD: posts})
    hour = await reader.distinct("a", now - 3600, now + 1, now)
    assert not hour.sampled
    assert (hour.resolution, hour.conversations, hour.authors) == ("1m", 20, 33)
    day = await reader.distinct("a", now - 86_400, now + 1, now)
    assert (day.resolution, day.conversations, day.authors) == ("1h", 20, 33)
    for found, width in ((hour, "1m"), (day, "1h")):
        assert found.within.resolution == width
        platforms, languages = found.within.platforms, found.within.languages
        assert {name: own.conversations for name, own in platforms.items()} == {
            "bluesky": 15,
            "mastodon": 5,
        }
        assert {name: own.conversations for name, own in languages.items()} == {"en": 10, "pt": 10}
        assert platforms["bluesky"].authors == 33
    with RedisConnection(valkey_url).open_sync() as client:
        assert SyncTrendReader(client, layout).distinct("a", now - 3600, now + 1, now) == hour


async def test_a_track_that_nobody_counted_is_an_empty_series(
    valkey: redis.asyncio.Redis, namespace: str
) -> None:
    series = await TrendReader(valkey, TrendLayout(namespace)).window("nobody", "1h")
    assert (series.buckets, series.total.posts) == ([], 0)


async def test_a_snapshot_taken_while_posts_are_counted_agrees_with_its_own_fence(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = [predict(at, ["a"], now - 7 * at, sentiment=at % 3) for at in range(1500)]

    async def count() -> None:
        async with RedisConnection(valkey_url).open() as client:
            sink = TrendSink(client, layout)
            for first in range(0, len(posts), 5):
                await sink.apply({FIELD: posts[first : first + 5]})

    counting = asyncio.create_task(count())
    seen = []
    while not counting.done():
        snapshot = await take_snapshot(valkey, layout, "a")
        reached = snapshot.fence.get(FIELD, -1)
        expected = fields(posts[: reached + 1])
        for bucket in expected.keys() - snapshot.unread:
            assert snapshot.buckets[bucket] == expected[bucket]
        assert snapshot.buckets.keys() <= expected.keys()
        seen.append(reached)
    await counting
    assert len(set(seen)) > 2  # the snapshots did fall between batches
    last = await take_snapshot(valkey, layout, "a")
    assert (last.buckets, last.unread) == (fields(posts), frozenset())


async def test_a_snapshot_of_a_track_without_posts_is_empty(
    valkey: redis.asyncio.Redis, namespace: str
) -> None:
    snapshot = await take_snapshot(valkey, TrendLayout(namespace), "nobody")
    assert (snapshot.fence, snapshot.buckets) == ({}, {})
    assert abs(snapshot.taken_at - time.time()) < 60


async def test_a_bucket_that_was_deleted_by_hand_is_missing_from_the_snapshot(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout = TrendLayout(namespace)
    await TrendSink(valkey, layout).apply({FIELD: [predict(0, ["a"], time.time())]})
    (day,) = [b for b in (await take_snapshot(valkey, layout, "a")).buckets if b.resolution == "1d"]
    await valkey.delete(layout.bucket("a", day))
    half = (await take_snapshot(valkey, layout, "a")).buckets[day]
    assert "posts" not in half, "its splits are still there"
    assert half
    await valkey.delete(
        layout.splits("a", day), *[each async for each in valkey.scan_iter(f"{namespace}:*:1d:*")]
    )
    left = (await take_snapshot(valkey, layout, "a")).buckets
    assert sorted(bucket.resolution for bucket in left) == ["10s", "1h", "1m"]
    assert Bucket("1d", day.start) not in left


async def test_where_conversations_were_shed_every_answer_says_so(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = [predict(at, ["a"], now, conversation=f"c{at}", stands_for=8) for at in range(5)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    reader = TrendReader(valkey, layout)
    total = (await reader.trends("a", now - 60, now + 1, "1m")).total
    assert (total.posts, total.scored_posts, total.effective_posts) == (40, 5, 5.0)
    splits = (await reader.splits("a", now - 60, now + 1, now)).platforms["bluesky"]
    assert splits.sentiment_shares == total.sentiment_shares
    distinct = await reader.distinct("a", now - 60, now + 1, now)
    assert (distinct.conversations, distinct.sampled) == (5, True)


async def test_sampled_posts_and_others_add_up_in_one_split(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    """Its value is shorter until something is shed, and those who then do not shed add to it."""
    layout, now = TrendLayout(namespace), time.time()
    sink, reader = TrendSink(valkey, layout), TrendReader(valkey, layout)
    for at, (stands_for, posts, scored) in enumerate([(1, 1, 1), (4, 5, 2), (1, 6, 3)]):
        await sink.apply({FIELD: [predict(at, ["a"], now, stands_for=stands_for)]})
        found = (await reader.splits("a", now - 60, now + 1, now)).languages["en"]
        assert (found.posts, found.scored_posts) == (posts, scored)
