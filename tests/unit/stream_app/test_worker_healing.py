"""Nothing of a partition is skipped, and nothing of another topic is taken for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from stream_app.exits import CannotGoOn, ExitCode
from stream_app.healer import FALL_PATIENCE_S, HOLE_PATIENCE_S, STALL_PATIENCE_S
from tests.unit.stream_app.fakes import (
    FakeBroker,
    post_record,
)
from tests.unit.stream_app.worker_bench import run_of, running


async def test_a_skipped_offset_is_read_again_and_nothing_after_it_is_done_before_it() -> None:
    async with running(FakeBroker({0: range(6)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        await bench.worker.offer(run_of(4, 5))
        assert bench.broker.sought == [(0, 2)]
        assert bench.delivered() == [0, 1]
        await bench.offer_until_delivered(run_of(2, 3, 4, 5))
        assert bench.delivered() == [0, 1, 2, 3, 4, 5]


async def test_a_hole_that_does_not_heal_ends_the_worker() -> None:
    async with running(FakeBroker({0: range(6)})) as bench:
        await bench.offer_until_delivered(run_of(0))
        await bench.worker.offer(run_of(3))
        bench.clock.now_s = HOLE_PATIENCE_S + 0.1
        with pytest.raises(CannotGoOn) as end:
            await bench.worker.offer(run_of(4))
        assert end.value.code is ExitCode.HOLE


async def test_offsets_that_the_consumer_saw_to_hold_no_record_are_passed() -> None:
    """A transaction leaves a gap: a topic may have one after every few records."""
    async with running(FakeBroker({0: [0, 1, 5, 7, 9]})) as bench:
        run = run_of(0, 1, 5, 7, 9)
        run[2] = replace(run[2], gap_from=2)
        run[3] = replace(run[3], gap_from=6)
        run[4] = replace(run[4], gap_from=8)
        await bench.offer_until_delivered(run[:4])
        await bench.offer_until_delivered(run[4:])
        assert bench.delivered() == [0, 1, 5, 7, 9]
        assert bench.broker.sought == []
        await bench.tend_until(lambda: bench.broker.commits == {0: 10})


async def test_markers_at_the_tail_that_the_consumer_went_past_are_done_at_once() -> None:
    async with running(FakeBroker({0: [0, 1, 3]})) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        bench.broker.read_past[0, 2] = 3
        await bench.tend_until(lambda: bench.broker.commits == {0: 3})
        assert bench.broker.sought == []


async def test_a_gap_behind_a_skipped_record_does_not_hide_it() -> None:
    async with running(FakeBroker({0: [0, 2, 5]})) as bench:
        await bench.offer_until_delivered(run_of(0))
        skipped, last = run_of(2, 5)
        await bench.worker.offer([replace(last, gap_from=3)])
        assert bench.delivered() == [0]
        assert bench.broker.sought == [(0, 1)]
        again = [replace(skipped, gap_from=1), replace(last, gap_from=3)]
        await bench.offer_until_delivered(again)
        assert bench.delivered() == [0, 2, 5]


async def test_a_hole_at_the_tail_is_read_again_after_the_patience() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        await bench.tend_until(lambda: bench.broker.commits == {0: 2})
        assert bench.broker.sought == []
        bench.clock.now_s = STALL_PATIENCE_S + 0.1
        await bench.worker.tend()
        assert bench.broker.sought == [(0, 2)]


async def test_a_topic_made_again_under_a_running_worker_ends_it() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1, 2, 3))
        bench.broker.logs[0] = [0]
        with pytest.raises(CannotGoOn, match="made again"):
            await bench.tend_until(lambda: False)


async def test_a_partition_that_begins_again_waits_to_be_assigned_and_then_ends_the_worker() -> (
    None
):
    """Its topic may have been made again, whatever offsets it has by now: nothing is read on."""
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        await bench.tend_until(lambda: bench.broker.commits == {0: 2})
        bench.broker.sent_back = {0}
        await bench.worker.tend()
        bench.clock.now_s = FALL_PATIENCE_S
        await bench.worker.tend()
        assert bench.broker.sought == []
        bench.clock.now_s = FALL_PATIENCE_S + 0.1
        with pytest.raises(CannotGoOn, match="made again") as end:
            await bench.worker.tend()
        assert end.value.code is ExitCode.HOLE


async def test_while_a_batch_is_held_nothing_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        let_go = asyncio.Event()
        deliver = bench.outputs.deliver

        async def slow(*arguments: Any) -> None:
            await let_go.wait()
            await deliver(*arguments)

        monkeypatch.setattr(bench.outputs, "deliver", slow)
        await bench.worker.offer(run_of(0, 1))
        await bench.worker.tend()
        bench.clock.now_s = STALL_PATIENCE_S + 0.1
        await bench.worker.tend()
        assert bench.broker.sought == []
        let_go.set()
        await bench.until(lambda: bench.delivered() == [0, 1])


async def test_a_new_incarnation_of_the_topic_starts_at_its_beginning() -> None:
    broker = FakeBroker({0: range(2)})
    broker.incarnation = "id2"
    broker.commits[0] = 70
    async with running(broker) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        assert bench.delivered() == [0, 1]


async def test_a_new_incarnation_that_outgrew_the_commit_starts_at_its_beginning_too() -> None:
    broker = FakeBroker({0: range(4)})
    broker.commits[0] = 2
    broker.incarnation = "id2"
    async with running(broker) as bench:
        await bench.offer_until_delivered(run_of(0, 1, 2, 3))
        assert bench.delivered() == [0, 1, 2, 3]
        await bench.tend_until(lambda: broker.commits == {0: 4})
        assert broker.commits_of == "id2"


async def test_a_topic_that_lost_its_tail_is_not_taken_for_what_was_read_of_it() -> None:
    broker = FakeBroker({0: range(4)})
    async with running(broker) as bench:
        await bench.offer_until_delivered(run_of(0, 1, 2, 3))
        store = bench.store
    broker.logs[0] = [0, 1]
    async with running(broker) as bench:
        bench.store.intents = store.intents
        with pytest.raises(CannotGoOn, match="lost records") as end:
            await bench.worker.tend()
        assert end.value.code is ExitCode.HOLE


async def test_partitions_of_two_incarnations_are_never_owned_together() -> None:
    broker = FakeBroker({0: range(2), 1: range(2)})
    async with running(broker) as bench:
        await bench.offer_until_delivered(run_of(0))
        broker.incarnation = "id2"
        with pytest.raises(CannotGoOn, match="made again"):
            await bench.worker.offer([post_record(0, partition=1)])
