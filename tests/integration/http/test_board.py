"""The leaderboard is what the trends of its tracks say, to the last bit, over a real Valkey."""

import random
import time
from collections.abc import Mapping

import httpx
import pytest
import redis.asyncio

from connectors.http.board import Leaderboard
from connectors.http.options import ApiOptions
from connectors.trends.net_sentiment import net_change, net_interval, net_of
from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendSeries, known_count
from connectors.trends.sink import TrendSink
from connectors.trends.standing import Point, Span, Standing, span_of
from connectors.trends.timespan import TimeRange
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"
HOUR = 3600
TRACKS = ["a", "ä/b", "c", "d"]
SPANS = (
    ("10s", 900),
    ("1m", HOUR),
    ("1m", 23 * HOUR),
    ("1m", 40 * HOUR),  # the window before is not kept
    ("1h", 72 * HOUR),
    ("1d", 60 * 24 * HOUR),
)


def spread(series: TrendSeries) -> float:
    return series.total.posts / series.total.effective_posts


async def one(reader: TrendReader, track: str, span: Span, name: str, everything: int) -> Standing:
    """How a track stands, from its trends over the window, its whole part, and before."""
    now = await reader.trends(track, span.start, span.end, name)
    whole = await reader.trends(track, span.start, span.compared_until, name)
    before = await reader.trends(track, span.before, span.start, name)
    parts = [whole, before] if span.before_kept else [whole]
    posts, sentiment, effective = now.total.posts, now.total.sentiment, now.total.effective_posts
    opinions = [
        [(each.sentiment["negative"], each.sentiment["positive"], each.posts) for each in own]
        for own in (part.buckets for part in parts)
    ]
    moved = None
    if len(parts) > 1 and all(part.total.posts for part in parts):
        moved = net_change(opinions[0], opinions[1], (spread(whole), spread(before)))
    posts_before = before.total.posts if span.before_kept else 0
    negative, positive = (
        known_count(sentiment[own], posts, effective) for own in ("negative", "positive")
    )
    low, high = net_interval(negative, positive, effective)
    return Standing(
        track=track,
        posts=posts,
        sampled=now.total.sampled,
        scored_posts=now.total.scored_posts,
        posts_compared=whole.total.posts,
        posts_before=posts_before,
        posts_change=whole.total.posts / posts_before - 1.0 if posts_before else None,
        sentiment=sentiment,
        net=net_of(sentiment["negative"], sentiment["positive"], posts),
        net_low=low,
        net_high=high,
        net_before=before.total.net if span.before_kept else None,
        net_change=moved and moved.change,
        net_change_low=moved and moved.low,
        net_change_high=moved and moved.high,
        net_change_sure=moved is not None and not moved.low <= 0.0 <= moved.high,
        share_of_voice=posts / everything if everything else None,
        points=[Point(start=each.start, posts=each.posts, net=each.net) for each in now.buckets],
    )


async def expected(reader: TrendReader, asked: TimeRange) -> Leaderboard:
    span = span_of(asked, time.time())
    name = asked.resolution
    everything = 0
    for track in TRACKS:
        everything += (await reader.trends(track, span.start, span.end, name)).total.posts
    found = [await one(reader, track, span, name, everything) for track in TRACKS]
    found.sort(key=lambda each: (-each.posts, each.track))
    return Leaderboard(
        start=span.start,
        end=span.end,
        compared_until=span.compared_until,
        resolution=name,
        before_kept=span.before_kept,
        tracks=found,
    )


async def test_it_is_byte_for_byte_what_the_trends_say_while_posts_are_counted(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    """Early posts, late ones, shed ones."""
    sink, drawn = TrendSink(valkey, options.layout), random.Random(7)
    reader, offset = TrendReader(valkey, options.layout), 0
    for turn in range(3):
        now = time.time()
        posts = [
            predict(
                *(offset + at, drawn.sample(TRACKS, 2), now - drawn.expovariate(1 / 9000)),
                sentiment=drawn.choice([0, 1, 2, turn]),
                stands_for=drawn.choice([1, 1, 1, 4]),
            )
            for at in range(200)
        ]
        offset += len(posts)
        await sink.apply({FIELD: posts})
        for name, span_s in SPANS:
            asked = TimeRange(now - span_s, now, name)
            query: Mapping[str, str | float] = {
                "start": asked.start,
                "end": now,
                "resolution": name,
            }
            deadline = time.monotonic() + 20  # an answer may be half a second old
            while True:
                answer = await api.get("/api/v1/leaderboard", params=query)
                told = await expected(reader, asked)
                if answer.content == told.model_dump_json().encode():
                    break
                assert time.monotonic() < deadline, (name, answer.json(), told.model_dump())
            assert any(each.sampled and each.net is not None for each in told.tracks)
            assert told.before_kept == (span_s != 40 * HOUR)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("posts", ["b", "a", "c"]),
        ("net", ["c", "a", "b"]),
        ("change", ["b", "a", "c"]),
        ("track", ["a", "b", "c"]),
    ],
)
async def test_orders_pages_and_choices_share_one_reading(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
    order: str,
    names: list[str],
) -> None:
    now = time.time()
    posts = [predict(at, ["b"], now - 60 * at, sentiment=0) for at in range(9)]
    posts += [predict(20 + at, ["b", "a"], now - 5000, sentiment=2) for at in range(4)]
    posts += [predict(30 + at, ["a"], now - 600, sentiment=1) for at in range(3)]
    posts += [predict(40, ["c"], now - 600, sentiment=2)]
    await TrendSink(valkey, options.layout).apply({FIELD: posts})
    query: Mapping[str, str | float] = {"start": now - HOUR, "end": now + 60, "sort": order}
    whole = (await api.get("/api/v1/leaderboard", params=query)).json()["tracks"]
    assert [each["track"] for each in whole] == names
    shares = {"b": 9 / 13, "a": 3 / 13, "c": 1 / 13}
    assert {each["track"]: each["share_of_voice"] for each in whole} == shares
    page = await api.get("/api/v1/leaderboard", params={**query, "limit": 1, "offset": 1})
    assert page.json()["tracks"] == whole[1:2]
    assert page.headers["Total-Count"] == "3"
    assert page.links["next"]["url"].endswith("limit=1&offset=2")
    some = await api.get("/api/v1/leaderboard", params={**query, "track": ["c", "a", "none"]})
    assert some.json()["tracks"] == [each for each in whole if each["track"] != "b"]
    assert some.headers["Total-Count"] == "2"


async def test_a_long_answer_is_whole_however_it_is_sent(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    names, now = [f"track-{number:03}" for number in range(120)], time.time()
    posts = [predict(at, names, now - 60 * at, sentiment=at % 3) for at in range(60)]
    await TrendSink(valkey, options.layout).apply({FIELD: posts})
    query: Mapping[str, str | float] = {"start": now - HOUR, "end": now, "limit": 500}
    plain, packed = [
        await api.get("/api/v1/leaderboard", params=query, headers={"Accept-Encoding": coding})
        for coding in ("identity", "gzip")
    ]
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    told = Leaderboard.model_validate_json(plain.content)
    assert [each.track for each in told.tracks] == names
    assert told.model_dump_json().encode() == plain.content
    assert packed.headers["etag"] == plain.headers["etag"]


async def test_what_failed_is_read_again(
    api: httpx.AsyncClient, valkey: redis.asyncio.Redis, options: ApiOptions
) -> None:
    url = "/api/v1/leaderboard?start=1799996400&end=1800000000"
    await valkey.set(options.layout.tracks, "no set")
    assert (await api.get(url)).status_code >= 500
    await valkey.delete(options.layout.tracks)
    deadline = time.monotonic() + 20
    while (await api.get(url)).status_code != 200:
        assert time.monotonic() < deadline
