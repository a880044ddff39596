"""A batch that must not count, or a post that cannot, has no effect but to say why."""

from concurrent.futures import Executor

import pytest

from connectors.conversations.store import BatchToFix
from connectors.schemas.rejection import Reason
from stream_app.batch import Decoder
from stream_app.core.outcome import Rejected
from stream_app.core.shedding import Shedding
from stream_app.exits import CannotGoOn, ExitCode
from tests.unit.stream_app.fakes import FakeEngine, post_record
from tests.unit.stream_app.worlds import NOW, SOURCE, World, batch


async def test_a_post_that_breaks_the_model_is_a_poison_letter_and_the_rest_is_counted(
    executor: Executor,
) -> None:
    world = World()
    pipeline = world.pipeline(FakeEngine({1}), executor)
    pipeline.assign(SOURCE, None)
    await pipeline.process(batch([post_record(n) for n in range(3)]))
    (letter,) = world.outputs.delivered[0, 1]
    assert isinstance(letter, Rejected)
    assert letter.reason is Reason.POISON
    assert sum(world.trends.counts.values()) == 2


async def test_offsets_that_another_worker_fixed_end_this_one_before_it_delivers(
    executor: Executor,
) -> None:
    world = World()
    pipeline = world.pipeline(FakeEngine(), executor)
    pipeline.assign(SOURCE, None)
    await world.store.fix([BatchToFix(SOURCE, 0, 5, b"[]", {})])
    with pytest.raises(CannotGoOn) as end:
        await pipeline.process(batch([post_record(3)]))
    assert end.value.code is ExitCode.FENCED
    assert not world.outputs.delivered
    assert not world.trends.counts


@pytest.mark.parametrize("effect", [0, 1, 2])
async def test_a_partition_lost_before_an_effect_stops_that_effect(
    executor: Executor, effect: int
) -> None:
    world = World()
    pipeline = world.pipeline(FakeEngine(), executor)
    pipeline.assign(SOURCE, None)
    checks = 0

    def lose() -> int:
        nonlocal checks
        checks += 1
        return 1 if checks <= effect + 1 else 2

    world.broker.generation = lose  # type: ignore[method-assign]
    with pytest.raises(CannotGoOn) as end:
        await pipeline.process(batch([post_record(0)]))
    assert end.value.code is ExitCode.PARTITION_LOST
    effects = [bool(world.store.intents), bool(world.outputs.delivered), bool(world.trends.counts)]
    assert effects == [done < effect for done in range(3)]


async def test_a_batch_that_took_most_of_a_session_has_no_effect(executor: Executor) -> None:
    readings = iter([0.0, 5.9, 6.1])
    world = World(clock=lambda: next(readings))
    pipeline = world.pipeline(FakeEngine(), executor)
    pipeline.assign(SOURCE, None)
    with pytest.raises(CannotGoOn) as end:
        await pipeline.process(batch([post_record(0)]))
    assert end.value.code is ExitCode.BATCH_TOO_OLD
    assert not world.store.intents


async def test_a_broken_model_ends_the_worker_and_no_post_is_blamed(executor: Executor) -> None:
    world = World()
    engine = FakeEngine()
    pipeline = world.pipeline(engine, executor)
    pipeline.assign(SOURCE, None)
    engine.broken = True
    with pytest.raises(CannotGoOn) as end:
        await pipeline.process(batch([post_record(0), post_record(1)]))
    assert end.value.code is ExitCode.MODEL_BROKEN
    assert not world.outputs.delivered


def test_a_post_of_another_feature_set_is_rejected() -> None:
    item = Decoder("paper@1", 1 << 20, Shedding(1, "posts")).decode(post_record(0), NOW)
    assert isinstance(item.content, Rejected)
    assert item.content.reason is Reason.UNKNOWN_FEATURE_SET
