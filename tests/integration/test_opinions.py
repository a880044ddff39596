"""Opinions of many tracks, over a real Valkey: always what the reader of single trends answers."""

import random
import time

import pytest
import redis.asyncio

from connectors.trends.layout import PAGE, TrendLayout
from connectors.trends.opinion_pages import OpinionPages
from connectors.trends.opinions import OWN_BYTES, LiveOpinions
from connectors.trends.reader import TrendReader
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"
HOUR = 3600
TRACKS = ["a", "b", "ü*"]
Buckets = dict[str, list[tuple[int, ...]]]


async def told(reader: TrendReader, start: float, end: float, name: str) -> Buckets:
    """Start, posts, posts by sentiment and shed posts of each bucket, by the reader of trends."""
    return {
        track: [
            (each.start, each.posts, *each.sentiment.values(), each.posts - each.scored_posts)
            for each in (await reader.trends(track, start, end, name)).buckets
        ]
        for track in [*TRACKS, "none"]
    }


async def read(live: LiveOpinions, start: float, end: float, name: str) -> Buckets:
    """The same as it is kept in memory."""
    found = await live.counted([*TRACKS, "none"], start, end, name)
    return {
        track: [
            (at, *row[:5]) for at, row in zip(own.starts.tolist(), own.counts.tolist(), strict=True)
        ]
        for track, own in found.items()
    }


@pytest.mark.parametrize("most_bytes", [1 << 26, 20_000])
async def test_what_is_kept_in_memory_follows_every_change(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker, most_bytes: int
) -> None:
    """Late posts, shed ones, ranges that reach beyond what is kept; with room for one track too."""
    layout, now = TrendLayout(namespace), time.time()
    live = LiveOpinions(valkey, layout, most_bytes=most_bytes)
    reader, sink, drawn = TrendReader(valkey, layout), TrendSink(valkey, layout), random.Random(3)
    for turn in range(25):
        ago = drawn.choice([1, 50, 700, 5000, 20000, 80000, 200_000, 9_000_000, -600])
        post = predict(
            *(turn, drawn.sample(TRACKS, 2), now - ago),
            sentiment=drawn.randrange(3),
            stands_for=drawn.choice([1, 1, 4]),
        )
        await sink.apply({FIELD: [post]})
        for name, back_s in (("10s", HOUR), ("1m", 23 * HOUR), ("1h", 72 * HOUR), ("1d", 10**7)):
            range_ = now - back_s * drawn.choice([1, 0.1]), now + drawn.choice([1, 3000]), name
            assert await read(live, *range_) == await told(reader, *range_)
    beyond = now - 60 * HOUR, now, "1m"
    assert await read(live, *beyond) == await told(reader, *beyond)
    gone = now - 60 * HOUR, now - 59 * HOUR, "1m"
    assert await read(live, *gone) == {track: [] for track in [*TRACKS, "none"]}


async def test_a_bucket_that_expires_is_gone_from_memory_too(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    live, reader = LiveOpinions(valkey, layout), TrendReader(valkey, layout)
    oldest = (now + 3) // 10 * 10 - 6 * HOUR  # expires within thirteen seconds
    posts = [predict(at, ["a"], oldest + 10 * at + 5) for at in range(12)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    range_ = oldest, oldest + 120, "10s"
    held = (await told(reader, *range_))["a"]
    assert (await read(live, *range_))["a"] == held
    assert len(held) == 12
    deadline = time.monotonic() + 20
    while len(left := (await told(reader, *range_))["a"]) == len(held):
        assert time.monotonic() < deadline
    assert (await read(live, *range_))["a"][-len(left) + 1 :] == left[1:]
    assert len((await read(live, *range_))["a"]) < len(held)


@pytest.mark.parametrize("name", list(PAGE))
async def test_hundreds_of_tracks_are_read_together(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker, name: str
) -> None:
    """More than one round trip holds, and all of them late."""
    layout, now = TrendLayout(namespace), time.time()
    names = [f"t{number}" for number in range(120)]
    live, sink = LiveOpinions(valkey, layout), TrendSink(valkey, layout)
    for turn, ago in enumerate([0.0, 1500.0, 2900.0, 1000.0]):
        await sink.apply({FIELD: [predict(turn, names, now - ago)]})
        found = await live.counted(names, now - HOUR, now + 1, name)
        assert {track: int(own.counts[:, 0].sum()) for track, own in found.items()} == (
            dict.fromkeys(names, turn + 1)
        )


async def test_where_memory_has_room_for_most_tracks_most_are_not_read_again(
    valkey: redis.asyncio.Redis, namespace: str
) -> None:
    """Of forty tracks asked for in turn it holds 32."""
    tracks, now = [f"t{number}" for number in range(40)], time.time()
    pages = OpinionPages("1m")
    pages.wanted(*(int(now) // HOUR * HOUR - ago * HOUR for ago in (3, 0)))
    room = 32 * (pages.nbytes + OWN_BYTES)
    live = LiveOpinions(valkey, TrendLayout(namespace), most_bytes=room)

    async def reads() -> int:
        before = await hashes_read(valkey)
        await live.counted(tracks, int(now) // HOUR * HOUR - 3 * HOUR, now, "1m")
        return await hashes_read(valkey) - before

    first = await reads()
    assert 0 < await reads() < first / 3
    assert 0 < await reads() < first / 3


async def hashes_read(client: redis.asyncio.Redis) -> int:
    calls: int = (await client.info("commandstats")).get("cmdstat_hmget", {"calls": 0})["calls"]
    return calls
