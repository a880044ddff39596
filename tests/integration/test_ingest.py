"""`voxpop ingest` as a process: a real Kafka and Valkey, and a Jetstream of the test's own."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import redis.asyncio

from connectors.exemplars.store import Example, ExemplarStore
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import Record, read_topic
from connectors.kafka.topics import create_topics, voxpop_topics
from connectors.redis_connection import RedisConnection
from connectors.schemas.post import RawPost
from connectors.trends.layout import TrendLayout
from tests.conftest import PredictionMaker
from tests.unit.connectors_sources.jetstream import URI, Turn, commit, created, jetstream

pytestmark = pytest.mark.integration

WITHIN_S = 60.0


class Deployment:
    """Topics of one test, and ingests as processes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._kafka = KafkaConnection(environment["VOXPOP_KAFKA"])
        self._prefix = environment["VOXPOP_TOPIC_PREFIX"]
        self.layout = TrendLayout(f"{self._prefix}voxpop")

    async def create_topics(self) -> None:
        await create_topics(self._kafka, voxpop_topics(self._prefix, partitions=2))

    @asynccontextmanager
    async def ingest(self, *arguments: str) -> AsyncIterator[Process]:
        command = (sys.executable, "-m", "stream_app.cli.main", "ingest", *arguments)
        process = await asyncio.create_subprocess_exec(
            *command, env=os.environ | self.environment, stderr=PIPE
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def whole_ingest(self, *arguments: str) -> tuple[int, str]:
        async with self.ingest(*arguments) as process:
            _, told = await asyncio.wait_for(process.communicate(), WITHIN_S)
        assert process.returncode is not None
        return process.returncode, told.decode()

    async def records(self) -> list[Record]:
        topic = f"{self._prefix}posts.raw"
        return [record async for record in read_topic(self._kafka, topic)]

    async def ids(self) -> list[str]:
        return sorted(
            orjson.loads(record.value or b"")["post_id"] for record in await self.records()
        )


async def until(effect: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await effect():
            await asyncio.sleep(0.1)


@pytest.fixture
async def deployment(settings_env: Mapping[str, str]) -> Deployment:
    made = Deployment(settings_env)
    await made.create_topics()
    return made


async def test_a_file_becomes_valid_raw_posts_once(deployment: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text(
        "id,body,posted,thread\n"
        "1,I love acme,2025-11-24T16:00:00Z,t1\n"
        "2,nothing of note,2025-11-24T16:00:01Z,t1\n"
        "3,#acme again,1764000002,t2\n"
    )
    columns = ("post_id=id", "text=body", "created_at=posted", "conversation_id=thread")
    asked = ["file", str(path), "--query", "acme OR #acme", "--track", "acme"]
    asked += [word for own in columns for word in ("--column", own)]
    code, told = await deployment.whole_ingest(*asked)
    assert (code, "2 posts" in told, "1 passed over" in told) == (0, True, True), told
    records = await deployment.records()
    posts = [RawPost.model_validate_json(record.value or b"") for record in records]
    assert sorted(post.post_id for post in posts) == ["1", "3"]
    assert all(post.tracks == ["acme"] for post in posts)
    assert {record.key for record in records} == {b"t1", b"t2"}
    assert (await deployment.whole_ingest(*asked))[0] == 0
    assert await deployment.ids() == ["1", "3"]


async def test_kills_breaks_and_stops_lose_no_post_and_send_none_twice(
    deployment: Deployment, tmp_path: Path
) -> None:
    first, rest = range(1, 41), range(41, 61)
    turns = [
        Turn([created(number) for number in first], stay=True),  # until the kill
        Turn([created(number) for number in (*first, *rest)], abort=True),
        Turn([created(number) for number in rest], stay=True),
    ]
    cursor = tmp_path / "cursor.json"
    asked = ("bluesky", "--track", "acme", "--cursor", str(cursor))

    async def delivered(count: int) -> bool:
        return len(await deployment.records()) >= count

    async with jetstream(*turns) as server:
        deployment.environment["VOXPOP_BLUESKY_JETSTREAM"] = server.url
        async with deployment.ingest(*asked) as process:
            await until(lambda: delivered(len(first)))
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with deployment.ingest(*asked) as process:
            await until(lambda: delivered(len(first) + len(rest)))
            process.send_signal(signal.SIGTERM)
            _, told = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 0, told.decode()
    assert await deployment.ids() == sorted(f"{URI}/3k{number}" for number in (*first, *rest))
    saved = json.loads(cursor.read_text())
    assert saved["ended"]


async def test_a_deletion_takes_example_and_text_away(
    deployment: Deployment, predict: PredictionMaker
) -> None:
    layout = deployment.layout
    async with RedisConnection(deployment.environment["VOXPOP_REDIS"]).open() as client:
        post = predict(0, ["acme"], time.time())
        kept = [replace(post, post_id=f"{URI}/3k{own}") for own in (1, 2)]
        await client.sadd(layout.tracks, "acme")
        await ExemplarStore(client, layout, 86_400.0).keep(Example(own, "my words") for own in kept)
        assert await texts(client, layout) == 2
        events = [created(1), created(2), commit(1, "delete")]
        async with jetstream(Turn(events, stay=True)) as server:
            deployment.environment["VOXPOP_BLUESKY_JETSTREAM"] = server.url
            async with deployment.ingest("bluesky", "--track", "acme"):

                async def one_is_left() -> bool:
                    return await texts(client, layout) == 1

                await until(one_is_left)
        assert await client.hkeys(layout.exemplars("acme")) == [f"{URI}/3k2".encode()]


async def texts(client: redis.asyncio.Redis, layout: TrendLayout) -> int:
    pattern = layout.exemplar_text("acme", "*")
    return len([key async for key in client.scan_iter(pattern)])


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        (("bluesky",), 2, "give --track, or set VOXPOP_TRACKS"),
        (("bluesky", "--track", "{x}"), 2, "--track"),
        (("bluesky", "--track", "x", "--query", "acme AND"), 2, "--query: the query ends where"),
    ],
)
async def test_a_wrong_wish_is_one_line_with_the_remedy(
    asked: tuple[str, ...], code: int, told: str, deployment: Deployment
) -> None:
    found, line = await deployment.whole_ingest(*asked)
    assert (found, told in line, len(line.splitlines())) == (code, True, 1), line
