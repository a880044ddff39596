"""Routes of what stands behind a trend, over a real Valkey."""

import asyncio
import time
from dataclasses import replace

import httpx
import pytest
import redis.asyncio

from connectors.alerts.layout import AlertLayout
from connectors.alerts.lifecycle import Lifecycle
from connectors.alerts.memory import WatchMemory
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.store import MAY_END, AlertStore
from connectors.exemplars.store import Example, ExemplarStore
from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.http.tokens import parse_tokens
from connectors.prevalence.quantifier import SHIPPED, read_quantifier
from connectors.schemas.alert import Alert
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import following, make_alert, next_of, problem

pytestmark = pytest.mark.integration

FIELD = "posts@id-1:0"


async def keep(client: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker) -> None:
    """Twelve posts of a track: the first four negative, with their texts."""
    now = time.time()
    posts = [predict(at, ["acme"], now - at, sentiment=0 if at < 4 else 2) for at in range(12)]
    await TrendSink(client, options.layout).apply({FIELD: posts})
    store = ExemplarStore(client, options.layout, text_retention_s=3600)
    await store.keep(
        Example(post, f"text {at}" if at < 4 else None) for at, post in enumerate(posts)
    )


async def test_splits_and_distinct_counts_add_up(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    await keep(valkey, options, predict)
    splits = (await api.get("/api/v1/splits/acme?window=1h")).json()
    assert {name: counts["posts"] for name, counts in splits["platforms"].items()} == {
        "bluesky": 12
    }
    assert splits["languages"]["en"]["sentiment"]["negative"] == 4
    distinct = (await api.get("/api/v1/distinct/acme?window=1h")).json()
    assert distinct["conversations"] == 1
    assert problem(await api.get("/api/v1/splits/acme?window=soon"))[:2] == (400, "bad_range")


async def test_a_window_is_set_beside_the_one_before_or_any_other(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [predict(at, ["acme"], now - 30 * at, sentiment=0) for at in range(100)]
    posts += [predict(100 + at, ["acme"], now - 4000 - 30 * at, sentiment=2) for at in range(90)]
    await TrendSink(valkey, options.layout).apply({FIELD: posts})
    found = (await api.get("/api/v1/comparison/acme?window=1h")).json()
    negative = found["sentiment"]["negative"]
    assert (negative["share"], negative["baseline"]) == (1.0, 0.0)
    assert negative["significant"]
    same = {"start": now - 3000, "end": now, "baseline_start": now - 3000, "baseline_end": now}
    found = (await api.get("/api/v1/comparison/acme", params=same)).json()
    assert found["sentiment"]["negative"]["difference"] == 0.0
    half = await api.get("/api/v1/comparison/acme?window=1h&baseline_start=5")
    assert problem(half)[:2] == (400, "bad_range")


async def test_shares_are_corrected_by_the_fit_for_their_model_alone(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    quantifier = read_quantifier(SHIPPED, SENTIMENTS)
    version = quantifier.fit.model_version
    now = time.time()
    posts = [
        predict(at, ["acme"], now - at, sentiment=at % 3, model_version=version) for at in range(90)
    ]
    posts += [predict(100, ["other"], now, model_version="another")]
    await TrendSink(valkey, options.layout).apply({FIELD: posts})
    server = ApiServer(replace(options, quantifier=quantifier), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as api:
        shares = (await api.get("/api/v1/corrected/acme")).json()["corrected"]["sentiment"]
        assert sum(each["share"] for each in shares.values()) == pytest.approx(1.0)
        assert all(each["low"] <= each["share"] <= each["high"] for each in shares.values())
        assert (await api.get("/api/v1/corrected/other")).json()["corrected"] is None


async def test_examples_are_of_the_label_that_is_asked_for(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    await keep(valkey, options, predict)
    found = (await api.get("/api/v1/exemplars/acme?sentiment=negative")).json()["exemplars"]
    assert {each["text"] for each in found} == {f"text {at}" for at in range(4)}
    assert all("author_hash" not in each for each in found)
    assert problem(await api.get("/api/v1/exemplars/acme?sentiment=bad"))[0] == 422


async def test_many_who_ask_at_once_wait_for_each_other(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    await keep(valkey, options, predict)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=api.base_url, limits=limits, timeout=30) as many:
        asked = [many.get("/api/v1/exemplars/acme") for _ in range(150)]
        answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}


async def test_only_an_admin_can_have_a_post_forgotten(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    await keep(valkey, options, predict)
    tokens = parse_tokens(f"read:{'r' * 16},admin:{'a' * 16}")
    server = ApiServer(replace(options, tokens=tokens), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as api:
        for secret, status in (("r" * 16, 403), ("a" * 16, 200)):
            answer = await api.delete(
                "/api/v1/exemplars?post_id=p0-1", headers={"Authorization": f"Bearer {secret}"}
            )
            assert answer.status_code == status
        assert answer.json() == {"removed": 1}
        api.headers["Authorization"] = f"Bearer {'a' * 16}"
        left = (await api.get("/api/v1/exemplars/acme?sentiment=negative")).json()["exemplars"]
        assert "p0-1" not in {each["post_id"] for each in left}
        assert len(left) == 3


async def test_alerts_come_the_newest_first_and_page_by_page(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    await TrendSink(valkey, options.layout).apply({FIELD: [predict(0, ["acme", "globex"], now)]})
    store = AlertStore(valkey, AlertLayout(options.layout.namespace))
    for number, track in enumerate(("acme", "globex", "acme")):
        await store.put(make_alert(track, 1000 + number))
    newest = (await api.get("/api/v1/alerts?limit=2")).json()["alerts"]
    assert [each["raised_at"] for each in newest] == [1002, 1001]
    rest = (await api.get("/api/v1/alerts?before=1001")).json()["alerts"]
    assert [each["raised_at"] for each in rest] == [1000]
    first = await api.get("/api/v1/alerts?limit=1&track=acme")
    after = await api.get(first.links["next"]["url"])
    assert [each["raised_at"] for each in after.json()["alerts"]] == [1000]
    assert "next" not in after.links
    own = (await api.get("/api/v1/alerts?track=acme")).json()["alerts"]
    assert [each["raised_at"] for each in own] == [1002, 1000]
    assert problem(await api.get("/api/v1/alerts?track=nobody"))[:2] == (404, "unknown_track")


async def test_no_page_leaves_out_alerts_of_one_moment(
    api: httpx.AsyncClient, valkey: redis.asyncio.Redis, options: ApiOptions
) -> None:
    store = AlertStore(valkey, AlertLayout(options.layout.namespace))
    for raised_at in (1000, 1060):
        for track in ("acme", "globex", "initech", "umbrella"):
            await store.put(make_alert(track, raised_at))
    kept = {(each.track, each.raised_at) for each in await store.newest()}
    first = (await api.get("/api/v1/alerts?limit=2")).json()["alerts"]
    rest = (await api.get(f"/api/v1/alerts?limit=2&before={first[-1]['raised_at']}")).json()
    told = [(each["track"], each["raised_at"]) for each in [*first, *rest["alerts"]]]
    assert (len(told), set(told)) == (8, kept)
    answer = await api.get("/api/v1/alerts?limit=3")
    told = [(each["track"], each["raised_at"]) for each in answer.json()["alerts"]]
    while "next" in answer.links:
        answer = await api.get(answer.links["next"]["url"])
        page = answer.json()["alerts"]
        assert len(page) <= 3
        told += [(each["track"], each["raised_at"]) for each in page]
    assert (len(told), set(told)) == (8, kept)
    assert problem(await api.get("/api/v1/alerts?cursor=nothing"))[:2] == (400, "bad_cursor")


async def test_followers_are_told_of_an_alert_when_it_is_raised_and_when_it_ends(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    await TrendSink(valkey, options.layout).apply({FIELD: [predict(0, ["acme"], time.time())]})
    store = AlertStore(valkey, AlertLayout(options.layout.namespace))
    await store.put(make_alert("acme", 900))
    alert = make_alert("acme", 1000)
    async with following(api, track="acme", resolution="1h") as found:
        await next_of(found, "trend")  # what there was before has been looked at
        await store.put(make_alert("globex", 1000))
        await store.put(alert)
        _, _, data = await next_of(found, "alert")
        assert Alert.model_validate(data) == alert
        ended = {**alert.model_dump(), "state": "ended", "ended_at": 1100}
        await store.put(Alert.model_validate(ended))
        _, _, data = await next_of(found, "alert")
        assert (data["alert_id"], data["ended_at"]) == (alert.alert_id, 1100)


async def test_followers_are_told_of_all_alerts_of_one_moment(
    api: httpx.AsyncClient,
    valkey: redis.asyncio.Redis,
    options: ApiOptions,
    predict: PredictionMaker,
) -> None:
    """As when a platform falls silent: every track's volume falls at once."""
    await TrendSink(valkey, options.layout).apply({FIELD: [predict(0, ["acme"], time.time())]})
    store = AlertStore(valkey, AlertLayout(options.layout.namespace))
    alerts = [make_alert(f"track {at}", 1000) for at in range(2 * MAY_END)]
    async with following(api, resolution="1h") as found:
        await next_of(found, "trend")
        for alert in alerts:
            await store.put(alert)
        told = [(await next_of(found, "alert"))[2]["alert_id"] for _ in alerts]
    assert sorted(told) == sorted(alert.alert_id for alert in alerts)


async def test_alerts_and_metrics_say_whether_anybody_watches(
    api: httpx.AsyncClient, valkey: redis.asyncio.Redis, options: ApiOptions
) -> None:
    async def told() -> tuple[dict[str, object], str]:
        watch = (await api.get("/api/v1/alerts")).json()["watch"]
        return watch, (await api.get("/metrics")).text

    watch, metrics = await told()
    assert watch == {"active": False, "looked_until": None}
    assert "voxpop_alert_watch" not in metrics
    memory = WatchMemory(valkey, AlertLayout(options.layout.namespace))
    assert await memory.take()
    await memory.recall(AlertPolicy())
    await memory.fix(1_764_000_000, Lifecycle(AlertPolicy()), [])
    watch, metrics = await told()
    assert watch == {"active": True, "looked_until": 1_764_000_000}
    assert "voxpop_alert_watch_active 1.0" in metrics
    assert "voxpop_alert_watch_looked_until_seconds 1.764e+09" in metrics
    await memory.give_back()
    watch, metrics = await told()
    assert watch == {"active": False, "looked_until": 1_764_000_000}
    assert "voxpop_alert_watch_active 0.0" in metrics
