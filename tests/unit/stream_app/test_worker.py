"""The worker admits, commits and drains as the broker's behaviour demands."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from connectors.schemas.kept_post import kept_post
from stream_app.batch import Decoder
from stream_app.core.flow import WAITING_BATCHES
from stream_app.exits import CannotGoOn, ExitCode
from tests.unit.stream_app.fakes import (
    STAMP,
    FakeBroker,
)
from tests.unit.stream_app.worker_bench import BATCH_MAX, Bench, run_of, running


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
