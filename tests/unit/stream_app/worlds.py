"""Workers that live one after another in one world, which fakes Redis and Kafka for them."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from connectors.conversations.source import SourcePartition
from connectors.schemas.author import AuthorHasher
from connectors.schemas.post import DecodedPost
from stream_app.batch import Batch, Decoder
from stream_app.core.admission import starting_offset
from stream_app.core.record import Record
from stream_app.core.scoring import Scorer
from stream_app.core.shedding import Shedding
from stream_app.core.windows import Windows
from stream_app.decider import Decider
from stream_app.decisions import FixedBatch, ScoredBatch
from stream_app.effects import Effects
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from tests.unit.stream_app.fakes import (
    STAMP,
    FakeBroker,
    FakeEngine,
    FakeExemplars,
    FakeOutputs,
    FakeStore,
    FakeTrends,
    Faults,
    features,
)

NOW = 1_764_000_000.0
SOURCE = SourcePartition("posts", "id1", 0)


@dataclass
class World:
    """What outlives a worker: Redis, the topics, the committed offset."""

    faults: Faults = field(default_factory=Faults)
    committed: int | None = None
    broker: FakeBroker = field(default_factory=lambda: FakeBroker({0: range(100)}))
    clock: Callable[[], float] = lambda: 0.0
    one_in: int = 1

    def __post_init__(self) -> None:
        self.store = FakeStore(self.faults)
        self.outputs = FakeOutputs(self.faults)
        self.trends = FakeTrends(self.faults)
        self.exemplars = FakeExemplars()

    def hold_what_redis_has_of(self, other: "World") -> None:
        self.store.intents = dict(other.store.intents)
        self.store.kept = {key: list(records) for key, records in other.store.kept.items()}
        self.trends.counts = Counter(other.trends.counts)
        self.trends.fences = dict(other.trends.fences)

    def pipeline(self, engine: FakeEngine, executor: Executor) -> "Pipeline":
        windows = Windows(4, STAMP, 100)
        membership = Membership(self.broker, 10.0, clock=self.clock)
        decider = Decider(
            scorer=Scorer(engine, windows, features(999)),
            windows=windows,
            model_version=engine.version,
            stands_for=self.one_in,
            authors=AuthorHasher(None),
            store=self.store,
            membership=membership,
            executor=executor,
            encoder=executor,
            metrics=Metrics(),
            clock=lambda: NOW,
        )
        effects = Effects(
            store=self.store,
            outputs=self.outputs,
            trends=self.trends,
            exemplars=self.exemplars,
            membership=membership,
            metrics=Metrics(),
        )
        return Pipeline(decider, effects, self.one_in)


@dataclass
class Pipeline:
    """Both halves of a worker, with the scored batches that wait for their effects."""

    decider: Decider
    effects: Effects
    one_in: int
    waiting: list[ScoredBatch] = field(default_factory=list)

    def assign(self, source: SourcePartition, fixed: FixedBatch | None) -> None:
        self.decider.assign(source, fixed)

    async def decide(self, records: Sequence[Record]) -> None:
        self.waiting.append(await self.decider.score(batch(records, self.one_in)))

    async def conclude(self) -> int:
        """Conclude the oldest batch; returns the offset after it."""
        decided = self.decider.decide(self.waiting.pop(0))
        await self.effects.conclude(decided)
        return decided.batch.items[-1].record.offset + 1

    async def process(self, decoded: Batch[DecodedPost]) -> None:
        await self.effects.conclude(self.decider.decide(await self.decider.score(decoded)))


def batch(records: Sequence[Record], one_in: int = 1) -> Batch[DecodedPost]:
    decoder = Decoder("default@1", 1 << 20, Shedding(one_in, "posts"))
    return Batch([decoder.decode(record, NOW) for record in records], 1)


async def work(
    world: World,
    log: Sequence[Record],
    sizes: Sequence[int],
    ahead: int,
    threads: Executor,
    *,
    committing: bool = False,
) -> None:
    """A worker's life: start where the last one left off, process batches, commit some of them.

    Args:
        ahead: batches decided before the oldest one takes effect.
        committing: all batches are committed at once, not some.
    """
    pipeline = world.pipeline(FakeEngine({7}, fickle=True), threads)
    fixed = await world.store.load_intent(SOURCE)
    pipeline.assign(SOURCE, fixed)
    start = starting_offset(
        world.committed, 0, len(log), (fixed.first, fixed.last) if fixed else None
    )
    if fixed:
        await pipeline.effects.count_again(SOURCE, fixed, start)
    turn = 0
    while start < len(log) or pipeline.waiting:
        if start < len(log):
            await pipeline.decide(log[start : start + sizes[turn % len(sizes)]])
            start = min(start + sizes[turn % len(sizes)], len(log))
        if len(pipeline.waiting) > ahead or start == len(log):
            done = await pipeline.conclude()
            if committing or turn % 2:
                world.committed = done
        turn += 1
