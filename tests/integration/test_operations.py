"""What an operator sees of a real worker: its health, its figures and its log."""

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from connectors.kafka.producer import PostProducer
from connectors.schemas.rejection import OF_FEATURES_GIVEN, Reason
from connectors.schemas.tensors import encode_tensor
from stream_app.demo.breaking import broken_record
from stream_app.variables import MEBIBYTE
from tests.integration.pipelines import PipelineUnderTest, make_post, pipeline, until
from tests.unit.models.small_networks import GLARING, write_brittle_checkpoint

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

TEXT = "unmistakable words of a post"
CONVERSATION = "unmistakable-conversation"
AUTHOR = "unmistakable-author"


@pytest.fixture
async def voxpop(
    settings_env: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[PipelineUnderTest]:
    async with pipeline(settings_env, tmp_path) as under_test:
        yield under_test


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def ask(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def until_answered(port: int, path: str, status: int) -> dict[str, Any]:
    """Wait until the worker answers so; gives what it said."""
    said: dict[str, Any] = {}

    async def answered() -> bool:
        try:
            code, body = await asyncio.to_thread(ask, port, path)
        except OSError:  # it does not listen yet
            return False
        said.update(orjson.loads(body))
        return code == status

    await until(answered)
    return said


async def tells(port: int, figure: str) -> bool:
    """Whether the worker's figures hold a line."""
    _, figures = await asyncio.to_thread(ask, port, "/metrics")
    return figure in figures.decode().splitlines()


@asynccontextmanager
async def open_transaction(voxpop: PipelineUnderTest, posts: int) -> AsyncIterator[None]:
    """A producer's, with posts in partition 2; aborted at the end."""
    producer = AIOKafkaProducer(
        **voxpop.kafka.client_options(), transactional_id=f"{voxpop.prefix}hangs"
    )
    async with producer:
        await producer.begin_transaction()
        for _ in range(posts):
            await producer.send_and_wait(voxpop.prefix + "posts", b"{}", partition=2)
        yield
        await producer.abort_transaction()


def spoken(number: int, **more: object) -> dict[str, Any]:
    """A post that would be known again in a log."""
    own = {"text": TEXT, "conversation_id": CONVERSATION, "author_id": AUTHOR}
    return {**make_post(number), **own, **more}


def broken_posts() -> list[tuple[bytes | None, bytes | None]]:
    """A record for each reason of rejection, with words in it."""
    valid = spoken(1)
    poison = {**valid, "features": {"visual": encode_tensor(GLARING["visual"])}}
    return [
        *(broken_record(valid, r, MEBIBYTE) for r in OF_FEATURES_GIVEN if r is not Reason.POISON),
        (CONVERSATION.encode(), orjson.dumps(poison)),
        (CONVERSATION.encode(), TEXT.encode()),
    ]


async def test_a_worker_tells_how_it_is_and_nothing_of_what_people_wrote(
    voxpop: PipelineUnderTest, tmp_path: Path
) -> None:
    port, broken = free_port(), broken_posts()
    voxpop.environment["VOXPOP_METRICS_PORT"] = str(port)
    voxpop.environment["VOXPOP_MODEL"] = str(write_brittle_checkpoint(tmp_path / "brittle"))
    worker = await voxpop.ready_worker("w1")
    ready = await until_answered(port, "/readyz", 200)
    assert set(ready["partitions"]) == {"0", "1", "2", "3"}
    async with PostProducer(voxpop.kafka, topic=voxpop.prefix + "posts") as producer:
        for key, value in broken:
            await producer.send_raw(key, value)
        await producer.send(spoken(2))

    async def all_done() -> bool:
        _, figures = await asyncio.to_thread(ask, port, "/metrics")
        lines = figures.decode().splitlines()
        done = [
            float(each.rpartition(" ")[2])
            for each in lines
            if each.startswith("voxpop_posts_total")
        ]
        return sum(done) == len(broken) + 1

    await until(all_done)
    figures = (await asyncio.to_thread(ask, port, "/metrics"))[1].decode()
    for reason in OF_FEATURES_GIVEN:
        assert f'voxpop_posts_total{{outcome="rejected",reason="{reason}"}}' in figures
    assert 'voxpop_posts_total{outcome="predicted",reason=""} 1.0' in figures
    assert 'voxpop_stage_seconds_count{stage="count"}' in figures
    assert "voxpop_recovery_seconds_count 1.0" in figures
    assert "process_resident_memory_bytes" in figures
    healthy = await until_answered(port, "/healthz", 200)
    assert healthy["problems"] == []
    assert healthy["model"] in figures
    async with open_transaction(voxpop, posts=3):
        await until(lambda: tells(port, 'voxpop_partition_unstable_posts{partition="2"} 3.0'))
        assert await tells(port, 'voxpop_partition_lag_posts{partition="2"} 0.0')
        assert (await until_answered(port, "/healthz", 200))["problems"] == []
    await until(lambda: tells(port, 'voxpop_partition_unstable_posts{partition="2"} 0.0'))
    await asyncio.to_thread(worker.stop)

    log = worker.log.read_text()
    for secret in (TEXT, CONVERSATION, AUTHOR, str(broken[0][1])[10:40]):
        assert secret not in log
    records = [orjson.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {"time", "level", "logger", "message"} <= set(records[0])
    (poison,) = [each for each in records if "the model fails on a post" in each["message"]]
    assert poison["source"]["topic"] == voxpop.prefix + "posts"
    assert poison["source"]["offset"] >= 0


async def test_a_worker_that_cannot_start_says_why_in_its_last_line(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    under_test = PipelineUnderTest(settings_env, tmp_path)
    worker = under_test.worker("w1")

    async def ended() -> bool:
        return worker.pid is None

    await until(ended)
    last = orjson.loads(worker.log.read_text().splitlines()[-1])
    assert last["level"] == "CRITICAL"
    assert "voxpop topics create" in last["message"]
