"""The main job: a file of posts to counted trends, through ingest, extraction and scoring."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.kafka.dead_letters import read_dead_letters
from connectors.kafka.groups import EXTRACTORS
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import DEAD_LETTERS, RAW_POSTS
from connectors.schemas.rejection import Reason
from connectors.trends.positions import settled_offsets
from stream_app.trial.worker_process import WorkerProcess
from tests.integration.pipelines import PipelineUnderTest, pipeline, until
from tests.unit.connectors_extraction.media_files import picture, plain
from tests.unit.connectors_extraction.media_server import HERE, ok

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

POSTS = 3000
PICTURED_POSTS = 400
PICTURED_CONVERSATIONS = ("c7",)
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
    await until(lambda: has_begun(voxpop))
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
    found = await written(voxpop)
    assert sorted(each["post_id"] for each in found) == sorted(each["post_id"] for each in expected)
    assert {each["lang"] for each in found} == {"en"}
    (absent,) = [each["absent"] for each in found if "absent" in each]
    assert absent == {"visual": "unsupported_format"}
    assert await dead_letters(voxpop) == {
        Reason.INVALID_JSON: f"{voxpop.prefix}{RAW_POSTS}",
        Reason.NO_FEATURES: f"{voxpop.prefix}{RAW_POSTS}",
    }
    code, said = await voxpop.voxpop("verify")
    assert code == 0, said


async def test_slow_media_hold_up_their_partition_and_a_killed_extractor_repeats_nothing(
    voxpop: PipelineUnderTest,
) -> None:
    posts = [raw_post(number) for number in range(PICTURED_POSTS)]
    async with slow_pictures() as pictures:
        voxpop.environment |= {"VOXPOP_MEDIA": "fetch", "VOXPOP_MEDIA_HOSTS": pictures.host}
        for post in posts:
            if post["conversation_id"] in PICTURED_CONVERSATIONS:
                post["media"] = [{"kind": "image", "url": f"http://{pictures.host}/a.png"}]
        await send_raw(voxpop, [*map(orjson.dumps, posts)])
        extractor = await voxpop.ready_extractor("extractor")
        free = await conversations_of_other_partitions(voxpop)
        assert len(free) > len(PICTURED_CONVERSATIONS)
        await until(lambda: are_written(voxpop, posts, free))
        assert not any("visual" in written_modalities(each) for each in await written(voxpop))
        assert extractor.pid is not None
        os.kill(extractor.pid, signal.SIGKILL)
        await until_ended(extractor)
        asked = pictures.asked
        extractor.start()
        await until(lambda: has_more_than(pictures, asked))
        pictures.go.set()
        await until(lambda: are_written(voxpop, posts, {each["conversation_id"] for each in posts}))
    found = await written(voxpop)
    assert Counter(each["post_id"] for each in found) == Counter(each["post_id"] for each in posts)
    for conversation in {each["conversation_id"] for each in posts}:
        assert ids_of(found, conversation) == ids_of(posts, conversation)
    seen = {each["post_id"] for each in found if "visual" in written_modalities(each)}
    assert seen == {each["post_id"] for each in posts if "media" in each}


@dataclass
class SlowPictures:
    """A server that answers when it is let go."""

    host: str = ""
    asked: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            await self.go.wait()
            writer.write(ok(picture(plain((1, 2, 3)))))
            await writer.drain()
        writer.close()


@asynccontextmanager
async def slow_pictures() -> AsyncIterator[SlowPictures]:
    pictures = SlowPictures()
    server = await asyncio.start_server(pictures.serve, HERE, 0)
    pictures.host = f"{HERE}:{server.sockets[0].getsockname()[1]}"
    try:
        yield pictures
    finally:
        pictures.go.set()
        server.close()


async def has_more_than(pictures: SlowPictures, asked: int) -> bool:
    return pictures.asked > asked


async def conversations_of_other_partitions(voxpop: PipelineUnderTest) -> set[str]:
    """Those whose partition of `posts.raw` has no post with media."""
    places = {
        (record.key or b"").decode(): record.partition
        async for record in read_topic(voxpop.kafka, voxpop.prefix + RAW_POSTS)
    }
    pictured = {places[conversation] for conversation in PICTURED_CONVERSATIONS}
    return {each for each, partition in places.items() if partition not in pictured}


async def written(voxpop: PipelineUnderTest) -> list[dict[str, Any]]:
    return [orjson.loads(value or b"") for _, value in await voxpop.outcome_positions("posts")]


async def are_written(
    voxpop: PipelineUnderTest, posts: Sequence[dict[str, Any]], conversations: set[str]
) -> bool:
    """Whether all posts of some conversations stand in `posts`."""
    wanted = {each["post_id"] for each in posts if each["conversation_id"] in conversations}
    return wanted <= {each["post_id"] for each in await written(voxpop)}


def written_modalities(post: dict[str, Any]) -> set[str]:
    return {name for name, tensor in post["features"].items() if tensor is not None}


def ids_of(posts: Sequence[dict[str, Any]], conversation: str) -> list[str]:
    return [each["post_id"] for each in posts if each["conversation_id"] == conversation]


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


async def has_begun(voxpop: PipelineUnderTest) -> bool:
    """Whether some posts of the file, but for the odd ones, are extracted."""
    group = voxpop.group + EXTRACTORS
    settled = await settled_offsets(voxpop.kafka, group, voxpop.prefix + RAW_POSTS)
    return sum(offset + 1 for offset in settled.offsets.values()) > 3


async def until_ended(worker: WorkerProcess) -> None:
    async def ended() -> bool:
        return worker.pid is None

    await until(ended)
