"""Real workers on a real broker: killed, joined, stopped, and every valid post counted once."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import orjson
import psutil
import pytest

from connectors.kafka.producer import PostProducer
from connectors.schemas.rejection import OF_FEATURES_GIVEN, Reason
from connectors.schemas.tensors import encode_tensor
from stream_app.demo.breaking import broken_record
from stream_app.exits import ExitCode
from stream_app.trial.worker_process import WorkerProcess
from stream_app.variables import MEBIBYTE
from tests.integration.pipelines import PipelineUnderTest, make_post, pipeline, until
from tests.unit.models.small_networks import GLARING, write_brittle_checkpoint

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
async def voxpop(
    settings_env: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[PipelineUnderTest]:
    async with pipeline(settings_env, tmp_path) as under_test:
        yield under_test


async def assert_exact(voxpop: PipelineUnderTest) -> None:
    """Redis holds what was sent, `predictions` holds every post, and `verify` agrees."""
    assert await voxpop.counted() == voxpop.sent
    predictions = [orjson.loads(v or b"") for _, v in await voxpop.outcome_positions("predictions")]
    by_source: dict[tuple[int, int], set[str]] = {}
    for prediction in predictions:
        source = prediction["source"]
        place = (source["partition"], source["offset"])
        by_source.setdefault(place, set()).add(str(prediction))
    assert len(by_source) == voxpop.sent["acme"]
    assert all(len(results) == 1 for results in by_source.values()), "a replay changed a result"
    code, said = await voxpop.voxpop("verify")
    assert code == 0, said


async def test_a_worker_killed_in_full_flow_loses_and_repeats_nothing(
    voxpop: PipelineUnderTest,
) -> None:
    worker = await voxpop.ready_worker("w1")
    flow = asyncio.create_task(voxpop.send(1200, per_s=120))
    for _ in range(2):
        await asyncio.sleep(3)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        await until_ended(worker)
        worker.start()
    await flow
    await voxpop.until_counted()
    await assert_exact(voxpop)


async def test_a_worker_whose_models_process_is_killed_ends_and_loses_and_repeats_nothing(
    voxpop: PipelineUnderTest,
) -> None:
    worker = await voxpop.ready_worker("w1")
    flow = asyncio.create_task(voxpop.send(600, per_s=120))
    await voxpop.until_counted_some()
    assert worker.pid is not None
    (model,) = psutil.Process(worker.pid).children()
    model.kill()
    await until_ended(worker)
    assert worker.exit_code == ExitCode.MODEL_BROKEN
    assert "the process of the model is gone" in worker.log.read_text()
    worker.start()
    await flow
    await voxpop.until_counted()
    await assert_exact(voxpop)
    (model,) = psutil.Process(worker.pid).children()
    await asyncio.to_thread(worker.stop)
    assert not model.is_running(), "a model outlives its worker"


async def test_a_worker_without_posts_ends_when_its_model_does(voxpop: PipelineUnderTest) -> None:
    worker = await voxpop.ready_worker("w1")
    (model,) = psutil.Process(worker.pid).children()
    model.kill()
    await until_ended(worker)
    assert worker.exit_code == ExitCode.MODEL_BROKEN
    assert "the process of the model is gone, exit code -9" in worker.log.read_text()


async def test_a_model_that_hangs_ends_its_worker_and_dies_with_it(
    voxpop: PipelineUnderTest,
) -> None:
    worker = await voxpop.ready_worker("w1")
    (model,) = psutil.Process(worker.pid).children()
    model.suspend()
    await voxpop.send(3, per_s=100)
    await until_ended(worker)
    assert worker.exit_code == ExitCode.BATCH_TOO_OLD
    await asyncio.to_thread(model.wait, 30)
    worker.start()
    await voxpop.until_counted()
    await assert_exact(voxpop)


async def test_workers_that_join_and_leave_move_no_count(voxpop: PipelineUnderTest) -> None:
    first = await voxpop.ready_worker("w1")
    flow = asyncio.create_task(voxpop.send(1500, per_s=100))
    second = await voxpop.ready_worker("w2")
    await until_shared(voxpop)
    await asyncio.to_thread(first.stop)
    assert first.exit_code == 0
    await flow
    await voxpop.until_counted()
    await assert_exact(voxpop)
    await asyncio.to_thread(second.stop)
    assert second.exit_code == 0


async def test_trends_that_redis_lost_are_made_again_while_a_worker_counts(
    voxpop: PipelineUnderTest,
) -> None:
    await voxpop.ready_worker("w1")
    rebuilt = asyncio.Event()

    async def send_until_rebuilt() -> None:
        first = 0
        while not rebuilt.is_set():
            await voxpop.send(60, per_s=60, first=first)
            first += 60

    flow = asyncio.create_task(send_until_rebuilt())
    await voxpop.until_counted_some()
    async with voxpop.redis.open() as client:
        trends = [key async for key in client.scan_iter(f"{voxpop.prefix}voxpop:{{[agi]*")]
        await client.delete(*trends)
    code, said = await voxpop.voxpop("rebuild")
    rebuilt.set()
    await flow
    assert code == 0, said
    await voxpop.until_counted()
    await assert_exact(voxpop)


async def test_every_reason_ends_in_the_dead_letters_and_a_mended_post_goes_through(
    voxpop: PipelineUnderTest, tmp_path: Path
) -> None:
    voxpop.environment["VOXPOP_MODEL"] = str(write_brittle_checkpoint(tmp_path / "brittle"))
    await voxpop.ready_worker("w1")
    broken = broken_posts()
    async with PostProducer(voxpop.kafka, topic=voxpop.prefix + "posts") as producer:
        for key, value in broken:
            await producer.send_raw(key, value)
    await voxpop.send(3, per_s=100)
    await voxpop.until_counted()

    async def all_rejected() -> bool:
        return len(await voxpop.outcome_positions("posts.dlq")) >= len(broken)

    await until(all_rejected)
    code, said = await voxpop.voxpop("dlq", "list", "--json")
    assert code == 0, said
    letters = orjson.loads(said)
    assert {letter["reason"] for letter in letters} == OF_FEATURES_GIVEN
    assert Counter(await voxpop.outcome_positions("posts.dlq")) == Counter(broken)

    mended = tmp_path / "mended.json"
    post = make_post(77)
    mended.write_bytes(orjson.dumps(post))
    letter = next(letter for letter in letters if letter["reason"] == "bad_tensor")
    place = f"{letter['partition']}:{letter['offset']}"
    code, said = await voxpop.voxpop("dlq", "replay", place, "--mend", str(mended))
    assert code == 0, said
    voxpop.sent.update(post["tracks"])
    await voxpop.until_counted()
    await assert_exact(voxpop)


async def test_a_worker_without_its_topics_says_what_to_do(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    under_test = PipelineUnderTest(settings_env, tmp_path)
    assert await ending(under_test) == ExitCode.NOT_READY
    assert "voxpop topics create" in (tmp_path / "w1" / "worker.log").read_text()


async def test_exactly_once_is_refused_at_the_start(
    settings_env: Mapping[str, str], tmp_path: Path
) -> None:
    under_test = PipelineUnderTest(settings_env, tmp_path)
    under_test.environment["PROCESSING_GUARANTEE"] = "exactly_once"
    assert await ending(under_test) == ExitCode.NOT_READY
    assert "exactly_once is refused" in (tmp_path / "w1" / "worker.log").read_text()


def broken_posts() -> list[tuple[bytes | None, bytes | None]]:
    """Records for each reason of rejection, and some that are hard to hand on."""
    valid = make_post(1)
    glaring = encode_tensor(GLARING["visual"])
    poison = orjson.dumps({**valid, "features": {"visual": glaring}})
    compressible = b"x" * (5 * MEBIBYTE)
    return [
        *(broken_record(valid, r, MEBIBYTE) for r in OF_FEATURES_GIVEN if r is not Reason.POISON),
        (b"c1", poison),
        (b"c1", compressible),
        (b"c1", None),
        (None, None),
    ]


async def ending(under_test: PipelineUnderTest) -> int | None:
    worker = under_test.worker("w1")
    try:
        await until_ended(worker)
    finally:
        under_test.stop()
    return worker.exit_code


async def until_ended(worker: WorkerProcess) -> None:
    async def ended() -> bool:
        return worker.pid is None

    await until(ended)


async def until_shared(voxpop: PipelineUnderTest) -> None:
    """Wait until two members own partitions."""

    async def shared() -> bool:
        return await voxpop.members() == 2

    await until(shared)
