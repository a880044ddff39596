"""The main job: a file of posts to counted trends, through ingest, extraction and scoring."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.dead_letters import read_dead_letters
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import DEAD_LETTERS, RAW_POSTS
from connectors.schemas.rejection import Reason
from stream_app.trial.worker_process import WorkerProcess
from tests.integration.pipelines import PipelineUnderTest, pipeline, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

POSTS = 3000
NO_PICTURE = {"kind": "image", "data": "iVBORw0KGgo="}  # how a PNG begins, and no more


@pytest.fixture
async def voxpop(
    settings_env: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[PipelineUnderTest]:
    async with pipeline(settings_env, tmp_path) as under_test:
        yield under_test


async def test_a_file_becomes_trends_and_a_killed_extractor_loses_and_repeats_nothing(
    voxpop: PipelineUnderTest, tmp_path: Path
) -> None:
    posts = [raw_post(number) for number in range(POSTS)]
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b"".join(orjson.dumps(post) + b"\n" for post in posts))
    extractor = voxpop.worker("extractor", "extract")
    await voxpop.ready_worker("scorer")
    odd = [raw_post(POSTS) | {"media": [NO_PICTURE]}, wordless(POSTS + 1)]
    await send_raw(voxpop, [*map(orjson.dumps, odd), b"{"])
    ingest = asyncio.create_task(voxpop.voxpop("ingest", "file", str(file)))
    await until(lambda: has_some(voxpop))
    assert extractor.pid is not None
    os.kill(extractor.pid, signal.SIGKILL)
    await until_ended(extractor)
    extractor.start()
    code, said = await ingest
    assert code == 0, said

    expected = [*posts, odd[0]]
    voxpop.sent = Counter(track for post in expected for track in post["tracks"])
    await voxpop.until_counted()
    assert await voxpop.counted() == voxpop.sent
    written = [orjson.loads(value or b"") for _, value in await voxpop.outcome_positions("posts")]
    assert sorted(each["post_id"] for each in written) == sorted(
        each["post_id"] for each in expected
    )
    assert {each["lang"] for each in written} == {"en"}
    (absent,) = [each["absent"] for each in written if "absent" in each]
    assert absent == {"visual": "unsupported_format"}
    assert await dead_letters(voxpop) == {
        Reason.INVALID_JSON: f"{voxpop.prefix}{RAW_POSTS}",
        Reason.NO_FEATURES: f"{voxpop.prefix}{RAW_POSTS}",
    }
    code, said = await voxpop.voxpop("verify")
    assert code == 0, said


def raw_post(number: int) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "post_id": f"p{number}",
        "conversation_id": f"c{number % 40}",
        "platform": "test",
        "created_at": time.time(),
        "tracks": ["acme", *(["globex"] if number % 3 == 0 else [])],
        "text": f"@shop what a lovely surprise, number {number} https://t.co/aB{number}",
    }


def wordless(number: int) -> dict[str, Any]:
    return raw_post(number) | {"text": None, "media": [NO_PICTURE]}


async def send_raw(voxpop: PipelineUnderTest, values: Sequence[bytes]) -> None:
    async with PostProducer(voxpop.kafka, topic=voxpop.prefix + RAW_POSTS) as producer:
        for value in values:
            conversation = orjson.loads(value)["conversation_id"] if value != b"{" else "c0"
            await producer.send_raw(conversation.encode(), value)


async def dead_letters(voxpop: PipelineUnderTest) -> dict[str, str]:
    """Reason -> the topic that the post was rejected from; each reason once."""
    letters = [
        letter async for letter in read_dead_letters(voxpop.kafka, voxpop.prefix + DEAD_LETTERS)
    ]
    found = {letter.reason: letter.source_topic for letter in letters}
    assert len(found) == len(letters)
    return found


async def has_some(voxpop: PipelineUnderTest) -> bool:
    return bool(await voxpop.counted())


async def until_ended(worker: WorkerProcess) -> None:
    async def ended() -> bool:
        return worker.pid is None

    await until(ended)
