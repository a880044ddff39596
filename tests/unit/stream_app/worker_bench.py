"""A worker with handwritten fakes on every side, and a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from connectors.schemas.author import AuthorHasher
from stream_app.batch import Decoder
from stream_app.core.batching import MicroBatcher
from stream_app.core.record import Record
from stream_app.core.scoring import Scorer
from stream_app.core.shedding import Shedding
from stream_app.core.windows import Windows
from stream_app.decider import Decider
from stream_app.effects import Effects
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
                    encoder=threads,
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
