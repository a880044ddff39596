"""Server-sent events over a real Valkey: they come, they resume, they outlive a restart."""

import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
import redis.asyncio

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from deploy.local.valkey import STOP_S, start_valkey, wait_for_valkey
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import following, next_of

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"


async def test_a_post_that_is_counted_is_told_with_the_state_of_its_bucket(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    sink = TrendSink(valkey, options.layout)
    async with following(api, resolution="1d") as found:
        assert (await next_of(found, "hello"))[2] == {}
        for offset in (0, 1):
            await sink.apply({FIELD: [predict(offset, ["a"], time.time(), sentiment=2)]})
            _, _, data = await next_of(found, "trend")
            assert (data["track"], data["resolution"]) == ("a", "1d")
            assert data["buckets"][-1]["sentiment"]["positive"] == offset + 1


async def test_who_comes_back_gets_what_it_missed_once(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    sink = TrendSink(valkey, options.layout)
    async with following(api, resolution="1d") as found:
        await next_of(found, "hello")
        await sink.apply({FIELD: [predict(0, ["a"], time.time())]})
        last, _, _ = await next_of(found, "trend")
        await sink.apply({FIELD: [predict(1, ["a"], time.time())]})
        missed = await next_of(found, "trend")
    for _ in range(2):  # the same again, however often it comes back
        async with following(api, last, resolution="1d") as found:
            assert await anext(found) == missed


@pytest.mark.parametrize("last", ["elsewhere-7", "nonsense", "-", "x-1e3", "x-" + "9" * 60])
async def test_who_comes_back_too_late_is_told_to_read_again(
    api: httpx.AsyncClient, last: str
) -> None:
    async with following(api, last) as found:
        assert (await anext(found))[1] == "reset"


async def test_only_what_was_asked_for_is_told(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    sink = TrendSink(valkey, options.layout)
    async with following(api, track=["b", "c"], resolution="1h") as found:
        await next_of(found, "hello")
        await sink.apply({FIELD: [predict(0, ["a"], time.time()), predict(1, ["c"], time.time())]})
        _, _, data = await next_of(found, "trend")
        assert (data["track"], data["resolution"]) == ("c", "1h")


async def test_followers_outlive_a_restart_of_redis(
    tmp_path: Path, predict: PredictionMaker
) -> None:
    process = start_valkey(tmp_path, None)
    wait_for_valkey(process, tmp_path)
    layout = TrendLayout("restart")
    connection = RedisConnection(f"redis://127.0.0.1:{process.port}/0")
    server = ApiServer(ApiOptions(redis=connection, layout=layout), "127.0.0.1", 0)
    async with (
        server.beside(),
        httpx.AsyncClient(base_url=server.url, timeout=20) as api,
        following(api, resolution="1d") as found,
    ):
        await next_of(found, "hello")
        process.stop(STOP_S)
        await next_of(found, "away")
        assert (await api.get("/readyz")).status_code == 503
        assert (await api.get("/healthz")).status_code == 200
        process = start_valkey(tmp_path, process.port)
        wait_for_valkey(process, tmp_path)
        await next_of(found, "reset")
        async with connection.open() as client:
            await TrendSink(client, layout).apply({FIELD: [predict(0, ["a"], time.time())]})
        assert (await next_of(found, "trend"))[2]["track"] == "a"
        assert (await api.get("/readyz")).status_code == 200
    process.stop(STOP_S)


async def test_metrics_tell_of_followers_requests_and_opinion(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    posts = [predict(at, ["a"], time.time(), sentiment=min(at, 2)) for at in range(4)]
    await TrendSink(valkey, options.layout).apply({FIELD: posts})
    await api.get("/api/v1/trends/a")
    async with following(api) as found:
        await next_of(found, "hello")
        figures = samples((await api.get("/metrics")).text)
    assert figures["voxpop_api_open_streams"] == 1.0
    assert figures['voxpop_track_posts{track="a"}'] == 4.0
    assert figures['voxpop_track_net_sentiment_ratio{track="a"}'] == 0.25
    route = 'method="GET",route="/api/v1/trends/{track:path}",status="200"'
    assert figures[f"voxpop_api_requests_total{{{route}}}"] == 1.0


def samples(text: str) -> Mapping[str, float]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
