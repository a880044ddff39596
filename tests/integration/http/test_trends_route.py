"""Routes of what is counted, over a real Valkey."""

import csv
import gzip
import io
import random
import time
from collections.abc import Mapping

import httpx
import pytest
import redis.asyncio

from connectors.http.options import ApiOptions
from connectors.trends.layout import TrendLayout
from connectors.trends.live import LiveTrends
from connectors.trends.reader import TrendReader
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import problem

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"
HOUR = 3600


@pytest.fixture
def layout(options: ApiOptions) -> TrendLayout:
    return options.layout


async def test_a_trend_is_byte_for_byte_what_the_reader_answers(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [
        predict(at, ["a"], now - at * 97, sentiment=at % 3, emotion=at % 7) for at in range(300)
    ]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    reader = TrendReader(valkey, layout)
    for name, span_s in (("10s", 2 * HOUR), ("1m", 7 * HOUR), ("1h", 50 * HOUR), ("1d", 999_999)):
        start, end = now - span_s, now - 30
        answer = await api.get(
            "/api/v1/trends/a", params={"start": start, "end": end, "resolution": name}
        )
        expected = await reader.trends("a", start, end, name)
        assert answer.content == expected.model_dump_json().encode(), name
        assert expected.total.posts > 0


async def test_what_is_kept_in_memory_follows_every_change(
    valkey: redis.asyncio.Redis, layout: TrendLayout, predict: PredictionMaker
) -> None:
    """Late posts, another model, buckets that have expired: the bytes are the reader's."""
    now = time.time()
    live, reader, sink = (
        LiveTrends(valkey, layout, fresh_for_s=0.0),
        TrendReader(valkey, layout),
        TrendSink(valkey, layout),
    )
    drawn = random.Random(3)
    for turn in range(25):
        created_at = now - drawn.choice([1, 50, 700, 5000, 20000, 80000, 200_000])
        post = predict(
            turn, ["a"], created_at, sentiment=drawn.randrange(3), model_version=f"m-{turn % 2}"
        )
        await sink.apply({FIELD: [post]})
        for name, span_s in (("10s", HOUR), ("1m", 23 * HOUR), ("1h", 72 * HOUR)):
            answer = await live.trends("a", now - span_s, now + 1, name)
            expected = await reader.trends("a", now - span_s, now + 1, name)
            assert answer.json() == expected.model_dump_json().encode()


async def test_an_answer_that_is_known_is_not_sent_again(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    sink = TrendSink(valkey, layout)
    await sink.apply({FIELD: [predict(0, ["a"], now - 600)]})
    asked: Mapping[str, str | float] = {"start": now - HOUR, "end": now, "resolution": "1m"}
    first = await api.get("/api/v1/trends/a", params=asked)
    known = {"If-None-Match": first.headers["etag"]}
    again = await api.get("/api/v1/trends/a", params=asked, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await sink.apply({FIELD: [predict(1, ["a"], now - 1200)]})
    deadline = time.monotonic() + 10
    while (
        changed := await api.get("/api/v1/trends/a", params=asked, headers=known)
    ).status_code == 304:
        assert time.monotonic() < deadline
    assert changed.json()["total"]["posts"] == 2
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_long_answer_is_compressed_for_who_accepts_it(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [predict(at, ["a"], now - 60 * at) for at in range(50)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    asked: Mapping[str, str | float] = {"start": now - HOUR, "end": now, "resolution": "1m"}
    plain = await api.get("/api/v1/trends/a", params=asked, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    request = api.build_request("GET", "/api/v1/trends/a", params=asked)
    packed = await api.send(request, stream=True)
    raw = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) * 3 < len(plain.content)


async def test_csv_says_what_json_says(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [predict(at, ["a/ b#"], now - 600 * at, sentiment=at % 3) for at in range(9)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    asked: Mapping[str, str | float] = {"start": now - 2 * HOUR, "end": now + 1, "resolution": "1m"}
    path = "/api/v1/trends/a%2F%20b%23"
    buckets = (await api.get(path, params=asked)).json()["buckets"]
    answer = await api.get(path, params={**asked, "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="a--b-.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == len(buckets) == 9
    for line, found in zip(lines, buckets, strict=True):
        assert int(line["start_unix"]) == found["start"]
        assert int(line["negative"]) == found["sentiment"]["negative"]
        assert float(line["positive_high_95"]) == found["sentiment_shares"]["positive"]["high"]
        assert int(line["emotion_neutral"]) == found["emotion"]["neutral"]
        assert float(line["mean_negative"]) == found["sentiment_means"]["negative"]
        assert float(line["modality_text"]) == found["modalities"]["text"]
        assert int(line["turn_negative"]) == found["turns"]["negative"]
        assert int(line["after_positive"]) == found["after"]["positive"]


async def test_tracks_come_in_pages(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    names = [f"track-{number:02}" for number in range(25)]
    await TrendSink(valkey, layout).apply({FIELD: [predict(0, names, time.time())]})
    found: list[str] = []
    url: str | None = "/api/v1/tracks?limit=10"
    while url:
        answer = await api.get(url)
        assert answer.headers["total-count"] == "25"
        found += answer.json()["tracks"]
        url = answer.links.get("next", {}).get("url")
    assert found == names


async def test_the_leaderboard_agrees_with_the_trends(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [predict(at, ["a"], now - 20 * at, sentiment=2) for at in range(10)]
    posts += [predict(10 + at, ["b"], now - 20 * at, sentiment=at % 2) for at in range(4)]
    posts += [predict(20 + at, ["b"], now - 5000 - 20 * at, sentiment=2) for at in range(2)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    board = (await api.get("/api/v1/leaderboard", params={"window": "1h"})).json()
    assert [(each["track"], each["posts"]) for each in board["tracks"]] == [("a", 10), ("b", 4)]
    b = board["tracks"][1]
    assert (b["posts_before"], b["net_before"], b["net"]) == (2, 1.0, -0.5)
    assert b["net_low"] < b["net"] < b["net_high"]
    range_ = {"start": board["start"], "end": board["end"], "resolution": board["resolution"]}
    total = (await api.get("/api/v1/trends/b", params=range_)).json()["total"]
    assert total["sentiment"] == b["sentiment"]
    own = await api.get("/api/v1/leaderboard", params={"window": "1h", "track": "b", "limit": 1})
    assert [(each["track"], each["share_of_voice"]) for each in own.json()["tracks"]] == [
        ("b", 4 / 14)
    ]
    assert own.headers["Total-Count"] == "1"


READ = (
    "tracks",
    "trends/a",
    "leaderboard",
    "splits/a",
    "distinct/a",
    "comparison/a",
    "corrected/a",
    "exemplars/a",
    "alerts",
)


@pytest.mark.parametrize("route", READ)
async def test_every_answer_can_be_kept_shortened_and_asked_for_without_its_body(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
    route: str,
) -> None:
    names = ["a", *(f"track-{number}" for number in range(9))]
    await TrendSink(valkey, layout).apply({FIELD: [predict(0, names, 1_800_000_000.0)]})
    fixed = "?start=1799999000&end=1800001000"
    ranged = route.endswith("/a") and not route.startswith("exemplars")
    url = f"/api/v1/{route}{fixed if ranged else ''}"
    plain = await api.get(url, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    short = await api.get(url, headers={"Accept-Encoding": "gzip"})
    assert short.headers["content-encoding"] == "gzip"
    assert short.json() == plain.json()
    tag = short.headers["etag"]
    assert tag == plain.headers["etag"]
    same = await api.get(url, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    head = await api.head(url, headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(plain.content))


@pytest.mark.parametrize("window", ["15m", "1h", "24h"])
async def test_a_window_holds_the_same_posts_on_the_leaderboard_and_of_a_track(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
    window: str,
) -> None:
    now = time.time()
    posts = [predict(at, ["a"], now - 30 * at) for at in range(4000)]  # of 33 hours
    await TrendSink(valkey, layout).apply({FIELD: posts})
    board = (await api.get("/api/v1/leaderboard", params={"window": window})).json()
    series = (await api.get("/api/v1/trends/a", params={"window": window})).json()
    assert board["start"] == series["start"]
    assert board["tracks"][0]["posts"] == series["total"]["posts"]


@pytest.mark.parametrize(
    ("query", "status", "kind", "said"),
    [
        ("?window=soon", 400, "bad_range", "write a number"),
        ("?window=1h&start=1", 400, "bad_range", "either a window"),
        ("?start=9&end=1&resolution=1m", 400, "bad_range", "is not before"),
        ("?start=1&end=1e9&resolution=10s", 400, "bad_range", "at most 5000"),
        ("?start=nan", 400, "bad_range", "not a moment"),
        ("?resolution=5m", 422, "invalid_request", "'10s', '1m', '1h' or '1d'"),
    ],
)
async def test_a_range_that_makes_no_sense_is_a_problem(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
    query: str,
    status: int,
    kind: str,
    said: str,
) -> None:
    await TrendSink(valkey, layout).apply({FIELD: [predict(0, ["a"], time.time())]})
    found = problem(await api.get(f"/api/v1/trends/a{query}"))
    assert found[:2] == (status, kind)
    assert said in found[2]


async def test_an_unknown_track_names_the_closest(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
) -> None:
    await TrendSink(valkey, layout).apply({FIELD: [predict(0, ["acme"], time.time())]})
    status, kind, detail = problem(await api.get("/api/v1/trends/acne"))
    assert (status, kind) == (404, "unknown_track")
    assert "did you mean 'acme'?" in detail
    assert problem(await api.get("/api/v1/nothing"))[:2] == (404, "not_found")


@pytest.mark.parametrize("route", ["trends", "corrected", "comparison", "leaderboard"])
async def test_an_hour_of_three_days_ago_is_answered_by_what_is_kept_of_it(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    layout: TrendLayout,
    predict: PredictionMaker,
    route: str,
) -> None:
    """Minutes are gone, hours are there."""
    start = (time.time() - 72 * HOUR) // HOUR * HOUR
    posts = [predict(at, ["a"], start + 60 * (at - 30)) for at in range(60)]
    await TrendSink(valkey, layout).apply({FIELD: posts})
    path = route if route == "leaderboard" else f"{route}/a"
    found = (await api.get(f"/api/v1/{path}", params={"start": start, "end": start + HOUR})).json()
    if route == "comparison":
        assert (found["window"]["posts"], found["baseline"]["posts"]) == (30, 30)
    elif route == "leaderboard":
        (standing,) = found["tracks"]
        assert (standing["posts"], standing["posts_before"]) == (30, 30)
    else:
        assert (found["total"] if route == "trends" else found)["posts"] == 30
