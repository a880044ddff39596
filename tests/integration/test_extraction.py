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

from stream_app.trial.worker_process import WorkerProcess
from tests.integration.pipelines import PipelineUnderTest, pipeline, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

POSTS = 3000
PICTURE = "iVBORw0KGgo="  # the beginning of one


@pytest.fixture
async def voxpop(
    settings_env: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[PipelineUnderTest]:
    async with pipeline(settings_env, tmp_path) as under_test:
        yield under_test


def write_file(path: Path, posts: Sequence[Mapping[str, Any]]) -> None:
    path.write_bytes(b"".join(orjson.dumps(post) + b"\n" for post in posts))


def raw_post(number: int) -> dict[str, Any]:
    return {
        "post_id": f"p{number}",
        "conversation_id": f"c{number % 40}",
        "created_at": time.time(),
        "tracks": ["acme", *(["globex"] if number % 3 == 0 else [])],
        "text": f"@shop what a lovely surprise, number {number} https://t.co/aB{number}",
    }


async def test_a_file_becomes_trends_and_a_killed_extractor_loses_and_repeats_nothing(
    voxpop: PipelineUnderTest, tmp_path: Path
) -> None:
    posts = [raw_post(number) for number in range(POSTS)]
    write_file(tmp_path / "posts.jsonl", posts)
    extractor = voxpop.worker("extractor", "extract")
    await voxpop.ready_worker("scorer")
    ingest = asyncio.create_task(
        voxpop.voxpop("ingest", "file", str(tmp_path / "posts.jsonl"), "--platform", "test")
    )
    await until(lambda: has_some(voxpop))
    assert extractor.pid is not None
    os.kill(extractor.pid, signal.SIGKILL)
    await until_ended(extractor)
    extractor.start()
    code, said = await ingest
    assert code == 0, said
    voxpop.sent = Counter(track for post in posts for track in post["tracks"])
    await voxpop.until_counted()
    written = [orjson.loads(value or b"") for _, value in await voxpop.outcome_positions("posts")]
    assert sorted(post["post_id"] for post in written) == sorted(post["post_id"] for post in posts)
    assert {post["lang"] for post in written} == {"en"}
    assert await voxpop.counted() == voxpop.sent
    code, said = await voxpop.voxpop("verify")
    assert code == 0, said
    assert "partition" in extractor.log.read_text()


async def has_some(voxpop: PipelineUnderTest) -> bool:
    return bool(await voxpop.counted())


async def until_ended(worker: WorkerProcess) -> None:
    async def ended() -> bool:
        return worker.pid is None

    await until(ended)
