"""The worker admits, commits, heals and drains as the broker's behaviour demands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from connectors.schemas.author import AuthorHasher
from connectors.schemas.kept_post import kept_post
from stream_app.batch import Decoder
from stream_app.core.batching import MicroBatcher
from stream_app.core.flow import WAITING_BATCHES
from stream_app.core.record import Record
from stream_app.core.scoring import Scorer
from stream_app.core.shedding import Shedding
from stream_app.core.windows import Windows
from stream_app.decider import Decider
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.healer import FALL_PATIENCE_S, HOLE_PATIENCE_S, STALL_PATIENCE_S
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from stream_app.scoring import Scoring
from stream_app.worker import Worker
from tests.unit.stream_app.fakes import (
    STAMP,
    FakeBroker,
    FakeEngine,
    FakeExemplars,
    FakeOutputs,
    FakeStore,
    FakeTrends,
    features,
    post_record,
)

BATCH_MAX = 8


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    """A worker with fakes on every side."""

    def __init__(
        self, broker: FakeBroker, threads: ThreadPoolExecutor, session_timeout_s: float = 10.0
    ) -> None:
        self.broker = broker
        self.clock = Clock()
        self.store = FakeStore()
        self.outputs = FakeOutputs()
        self.trends = FakeTrends()
        self.engine = engine = FakeEngine()
        windows = Windows(4, STAMP, 100)
        membership = Membership(broker, 10.0, clock=lambda: 0.0)
        self.worker = Worker(
            topic="posts",
            broker=broker,
            work=Scoring(
                Decoder("default@1", 1 << 20, Shedding(1, "posts")),
                Decider(
                    scorer=Scorer(engine, windows, features(999)),
                    windows=windows,
                    model_version=engine.version,
                    stands_for=1,
                    authors=AuthorHasher(None),
                    store=self.store,
                    membership=membership,
                    executor=threads,
                    metrics=Metrics(),
                ),
                Effects(
                    store=self.store,
                    outputs=self.outputs,
                    trends=self.trends,
                    exemplars=FakeExemplars(),
                    membership=membership,
                    metrics=Metrics(),
                ),
                self.store,
            ),
            batcher=MicroBatcher(BATCH_MAX, 0.02),
            metrics=Metrics(),
            session_timeout_s=session_timeout_s,
            hang_limit_s=10.0,
            monotonic=self.clock,
        )

    def delivered(self) -> list[int]:
        return sorted(offset for _, offset in self.outputs.delivered)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.001)

    async def tend_until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.001)
                await self.worker.tend()

    async def offer_until_delivered(self, records: Sequence[Record]) -> None:
        before = len(self.outputs.delivered)
        await self.worker.offer(records)
        await self.until(lambda: len(self.outputs.delivered) == before + len(records))


@asynccontextmanager
async def running(broker: FakeBroker) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(1) as threads:
        bench = Bench(broker, threads)
        task = asyncio.create_task(bench.worker.run())
        try:
            yield bench
        finally:
            task.cancel()


def run_of(*offsets: int) -> list[Record]:
    return [post_record(offset) for offset in offsets]


async def test_what_is_done_is_committed_and_a_refused_commit_is_tried_again() -> None:
    async with running(FakeBroker({0: range(3)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1, 2))
        bench.broker.takes_commits = False
        await bench.tend_until(lambda: bench.broker.refused == {0: 3})
        assert bench.broker.commits == {}
        bench.broker.takes_commits = True
        await bench.worker.tend()
        assert bench.broker.commits == {0: 3}


async def test_counts_that_redis_lost_after_the_commit_are_counted_again_at_the_start() -> None:
    broker = FakeBroker({0: range(2)})
    async with running(broker) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        await bench.tend_until(lambda: broker.commits == {0: 2})
        store = bench.store
    async with running(broker) as bench:
        bench.store.intents = store.intents
        await bench.worker.tend()
        assert sum(bench.trends.counts.values()) == 2
        assert bench.delivered() == []


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


async def test_while_a_rebalance_runs_nothing_is_admitted() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        bench.broker.is_rebalancing = True
        await bench.worker.offer(run_of(0, 1))
        bench.broker.is_rebalancing = False
        await bench.offer_until_delivered(run_of(0))
        assert bench.delivered() == [0]


async def test_a_worker_without_partitions_stays_in_its_group_to_take_over() -> None:
    async with running(FakeBroker({0: range(2)})) as bench:
        await bench.worker.tend()
        assert bench.broker.stays == 0
        bench.broker.owned = frozenset()
        await bench.worker.tend()
        assert bench.broker.stays == 1


async def test_a_worker_with_slow_batches_stays_in_its_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        let_go = asyncio.Event()
        monkeypatch.setattr(bench.outputs, "deliver", lambda *_: let_go.wait())
        await bench.worker.offer(run_of(0, 1))
        await bench.until(lambda: bool(bench.engine.seen))
        await bench.worker.tend()
        assert bench.broker.stays == 1
        let_go.set()


async def test_records_of_another_generation_are_dropped() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        bench.broker.current_generation = 2
        await bench.worker.offer(run_of(0, 1))
        await bench.worker.tend()
        assert bench.delivered() == []
        assert bench.broker.commits == {}
        fetched_again = [replace(record, generation=2) for record in run_of(0, 1)]
        await bench.offer_until_delivered(fetched_again)


async def test_a_revocation_commits_the_batch_in_flight_and_owns_nothing_after() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.worker.offer(run_of(0, 1))
        await bench.until(lambda: bool(bench.engine.seen))
        await bench.worker.revoke()
        assert bench.broker.commits == {0: 2}
        bench.worker.assigned()
        await bench.offer_until_delivered(run_of(2, 3))
        assert bench.delivered() == [0, 1, 2, 3]


async def test_a_batch_that_is_scored_past_its_revocation_ends_the_worker_and_has_no_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its windows are gone by then: what the scorer makes of them is no fault of the posts."""
    monkeypatch.setattr("stream_app.worker.DRAIN_PART_OF_SESSION", 0.001)
    with ThreadPoolExecutor(1) as threads:
        bench = Bench(FakeBroker({0: range(4)}), threads)
        slow = Event()
        score = bench.engine.score
        monkeypatch.setattr(bench.engine, "score", lambda asked: slow.wait(5) and score(asked))
        stages = asyncio.create_task(bench.worker.run())
        await bench.worker.offer(run_of(0, 1))
        await bench.until(lambda: len(bench.worker._held) == 1)
        await bench.until(lambda: threads._work_queue.empty() and bool(threads._threads))
        await bench.worker.revoke()
        slow.set()
        with pytest.raises(CannotGoOn) as end:
            await asyncio.wait_for(stages, 5)
    assert end.value.code is ExitCode.PARTITION_LOST
    assert bench.delivered() == []


async def test_after_a_revocation_the_windows_are_those_of_the_store() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0, 1))
        await bench.worker.revoke()
        (key,) = bench.store.kept
        bench.store.kept[key].append(kept_post(STAMP + b"of another worker", "neutral"))
        bench.worker.assigned()
        await bench.offer_until_delivered(run_of(2))
        assert bench.engine.seen[-1] == tuple(post[1:] for post in bench.store.kept[key])


async def test_a_start_that_a_revocation_overtook_is_forgotten() -> None:
    class OvertakenBroker(FakeBroker):
        overtake: Callable[[], Awaitable[None]] | None = None

        async def committed(self, partition: int, topic_id: str) -> int | None:
            committed = await super().committed(partition, topic_id)
            if self.overtake is not None:
                overtake, self.overtake = self.overtake, None
                await overtake()
            return committed

    broker = OvertakenBroker({0: range(4)})
    async with running(broker) as bench:

        async def another_worker_has_it_for_a_while() -> None:
            await bench.worker.revoke()
            broker.commits[0] = 2
            bench.worker.assigned()

        broker.overtake = another_worker_has_it_for_a_while
        await bench.worker.offer(run_of(0, 1, 2, 3))
        await bench.worker.offer(run_of(0, 1, 2, 3))
        await bench.until(lambda: bench.delivered() == [2, 3])


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


async def test_a_batch_that_does_not_come_back_ends_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0))
        await bench.tend_until(lambda: bench.broker.commits == {0: 1})  # so it was let go
        bench.clock.now_s = 50.0
        await bench.worker.tend()
        monkeypatch.setattr(bench.outputs, "deliver", lambda *_: asyncio.Event().wait())
        await bench.worker.offer(run_of(1))
        await bench.until(lambda: len(bench.engine.seen) == 2)
        await bench.worker.tend()
        bench.clock.now_s = 60.1
        with pytest.raises(CannotGoOn) as end:
            await bench.worker.tend()
        assert end.value.code is ExitCode.BATCH_TOO_OLD


async def test_a_post_that_breaks_the_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of the decoder")

    monkeypatch.setattr(Decoder, "decode", broken)
    async with running(FakeBroker({0: range(4)})) as bench:
        with pytest.raises(RuntimeError) as raised:
            await bench.worker.offer(run_of(0, 1, 2))
    assert raised.value.__notes__ == ["in a batch of posts:0:0-2"]


async def test_after_a_shutdown_nothing_is_admitted() -> None:
    async with running(FakeBroker({0: range(4)})) as bench:
        await bench.offer_until_delivered(run_of(0))
        await bench.worker.shut_down()
        await bench.worker.offer(run_of(1, 2))
        assert bench.broker.commits == {0: 1}
        assert bench.delivered() == [0]


async def test_what_takes_longer_than_a_stop_may_is_given_up_however_long_a_session_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stream_app.worker.LONGEST_STOP_S", 0.01)
    broker = FakeBroker({0: range(4), 1: range(4)})
    with ThreadPoolExecutor(1) as threads:
        bench = Bench(broker, threads, session_timeout_s=300.0)
        monkeypatch.setattr(bench.outputs, "deliver", lambda *_: asyncio.Event().wait())
        running_stages = asyncio.create_task(bench.worker.run())
        await bench.worker.offer(run_of(0))
        await bench.until(lambda: bool(bench.engine.seen))
        monkeypatch.setattr(broker, "bounds", lambda *_: asyncio.Event().wait())
        starting = asyncio.create_task(bench.worker.tend())
        async with asyncio.timeout(5):
            await bench.worker.shut_down()
            with pytest.raises(asyncio.CancelledError):
                await running_stages
        bench.clock.now_s = 1000.0
        await bench.worker.tend()  # what was given up is no batch that hangs
        starting.cancel()
    assert broker.commits == {}


async def test_no_more_posts_wait_than_allowed() -> None:
    most = WAITING_BATCHES * BATCH_MAX
    broker = FakeBroker({0: range(most + 9)})
    with ThreadPoolExecutor(1) as threads:
        bench = Bench(broker, threads)
        await bench.worker.offer(run_of(*range(most)))
        one_more = asyncio.create_task(bench.worker.offer(run_of(most)))
        await asyncio.wait([one_more], timeout=0.05)
        assert not one_more.done()
        await bench.worker.revoke()
        await asyncio.wait_for(one_more, 5)
        assert bench.delivered() == []


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
