"""A watch tells of a shift once, in Redis and topic, whatever is stopped meanwhile."""

import asyncio
import time
from pathlib import Path

import pytest
import redis.asyncio

from connectors.alerts.layout import KEPT_A_TRACK, AlertLayout
from connectors.alerts.memory import LeaseLostError, WatchMemory
from connectors.alerts.store import AlertReader, AlertStore
from tests.conftest import PredictionMaker
from tests.integration.alert_streams import (
    BURST,
    POLICY,
    USUAL,
    Stream,
    Topic,
    looked,
    usual_stream,
    watch,
)
from tests.unit.connectors_alerts.alerts import alert

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


@pytest.fixture
async def stream(valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker) -> Stream:
    return await usual_stream(valkey, namespace, predict)


async def test_a_burst_is_told_once_with_its_evidence_and_its_end(stream: Stream) -> None:
    topic = Topic()
    await looked(stream, [topic])
    assert not topic.alerts
    await stream.count(6, BURST, negative=18)
    await looked(stream, [topic] * 2)
    [raised] = topic.alerts
    assert (raised.track, raised.kind, raised.direction) == ("acme", "volume", "up")
    assert 1 < raised.change.low < raised.change.high
    assert raised.change.value > 2
    assert abs(raised.since - (stream.start - 60)) <= 20
    assert raised.evidence.platforms[0].platform == "bluesky"
    reader = AlertReader(stream.client, AlertLayout(stream.namespace))
    assert await reader.of_track("acme") == await reader.newest() == [raised]
    await stream.count(60, USUAL, negative=3)
    await looked(stream, [topic] * 2)
    [_, ended] = topic.alerts
    assert (ended.alert_id, ended.state) == (raised.alert_id, "ended")
    assert await reader.newest() == [ended]


async def test_a_watch_that_dies_between_deciding_and_telling_loses_nothing(
    stream: Stream,
) -> None:
    await looked(stream, [Topic()])
    await stream.count(6, BURST, negative=18)
    broken, later = Topic(failures=1), Topic()
    with pytest.raises(ConnectionError):
        await looked(stream, [broken])
    await stream.client.delete(AlertLayout(stream.namespace).lease)  # it died
    await looked(stream, [later, later])
    assert [own.kind for own in later.alerts] == ["volume"]
    assert not broken.alerts


async def test_a_watch_that_was_away_looks_at_what_it_missed(stream: Stream) -> None:
    topic = Topic()
    await looked(stream, [topic])
    await stream.count(6, BURST, negative=18)
    await stream.count(12, USUAL, negative=3)
    await looked(stream, [topic])
    assert topic.alerts
    assert topic.alerts[0].raised_at <= stream.start - 12 * POLICY.step_s


async def test_a_worker_that_is_behind_is_no_silence(stream: Stream) -> None:
    topic = Topic()
    await looked(stream, [topic])
    stream.start += 20 * POLICY.step_s
    await looked(stream, [topic])
    assert not topic.alerts


async def test_another_model_is_no_swing(stream: Stream) -> None:
    topic = Topic()
    await looked(stream, [topic])
    await stream.count(12, USUAL, model="m-2", negative=10)
    await looked(stream, [topic])
    assert not topic.alerts
    await stream.count(60, USUAL, model="m-2", negative=10)
    await looked(stream, [topic])
    assert not topic.alerts


async def test_a_swing_of_the_same_model_is_told(stream: Stream) -> None:
    topic = Topic()
    await looked(stream, [topic])
    await stream.count(12, USUAL, negative=10)
    await looked(stream, [topic])
    assert "sentiment" in {found.kind for found in topic.alerts}


async def test_one_watch_is_active(stream: Stream) -> None:
    layout = AlertLayout(stream.namespace)
    first = WatchMemory(stream.client, layout, lease_s=20)
    second = WatchMemory(stream.client, layout, lease_s=20)
    assert await first.take()
    assert not await second.take()
    assert await first.take()
    await first.give_back()
    assert await second.take()
    _, lifecycle = await first.recall(POLICY)
    with pytest.raises(LeaseLostError):
        await first.fix(10, lifecycle, [alert()])
    assert await second.next_untold() is None


async def test_what_is_fixed_twice_is_told_once(stream: Stream) -> None:
    layout = AlertLayout(stream.namespace)
    memory = WatchMemory(stream.client, layout, lease_s=20)
    assert await memory.take()
    _, lifecycle = await memory.recall(POLICY)
    await memory.fix(10, lifecycle, [alert()])
    memory._state = b""  # the answer was lost, and the call is made again
    await memory.fix(10, lifecycle, [alert()])
    assert await stream.client.llen(layout.outbox) == 1
    assert (await memory.recall(POLICY))[0] == 10


async def test_the_oldest_alerts_leave(valkey: redis.asyncio.Redis, namespace: str) -> None:
    layout = AlertLayout(namespace)
    store = AlertStore(valkey, layout)
    for at in range(KEPT_A_TRACK + 5):
        await store.put(alert(raised_at=1_764_000_000 + at))
    await store.put(alert("globex", 1_764_000_002))
    found = await store.of_track("acme", 1000)
    assert len(found) == KEPT_A_TRACK
    assert found[0].raised_at == 1_764_000_000 + KEPT_A_TRACK + 4
    assert await valkey.hlen(layout.alerts("acme")) == KEPT_A_TRACK
    assert await valkey.ttl(layout.alerts("acme")) > 0
    page = await store.page(None, 10, before=1_764_000_007)
    assert {own.track for own in page.alerts} == {"acme", "globex"}
    assert all(own.raised_at < 1_764_000_007 for own in page.alerts)


async def test_a_stopped_watch_lets_the_next_begin_at_once(stream: Stream) -> None:
    first, second = Topic(), Topic()
    running = watch(stream, first)
    task = asyncio.create_task(running.run())
    layout = AlertLayout(stream.namespace)
    deadline = time.monotonic() + 10
    while not await stream.client.exists(layout.state):
        assert time.monotonic() < deadline
        assert not task.done()
        await asyncio.sleep(0.02)
    running.stop()
    await asyncio.wait_for(task, 10)
    assert await watch(stream, second)._memory.take()
