"""The order of effects makes counts exact and results final, wherever the process dies."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix
from connectors.schemas.author import AuthorHasher
from connectors.schemas.kept_post import record_of
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Prediction
from connectors.schemas.rejection import Reason
from stream_app.batch import Batch, Decoder
from stream_app.core.admission import starting_offset
from stream_app.core.outcome import Rejected, Shed
from stream_app.core.record import Record
from stream_app.core.scoring import Scorer
from stream_app.core.shedding import Shedding
from stream_app.core.windows import Windows
from stream_app.decider import Decider
from stream_app.decisions import DecidedBatch, FixedBatch
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from tests.unit.stream_app.fakes import (
    STAMP,
    Crash,
    FakeBroker,
    FakeEngine,
    FakeExemplars,
    FakeOutputs,
    FakeStore,
    FakeTrends,
    Faults,
    broken_record,
    features,
    post_record,
)

NOW = 1_764_000_000.0
SOURCE = SourcePartition("posts", "id1", 0)


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


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
    """Both halves of a worker, with the decided batches that wait for their effects."""

    decider: Decider
    effects: Effects
    one_in: int
    waiting: list[DecidedBatch] = field(default_factory=list)

    def assign(self, source: SourcePartition, fixed: FixedBatch | None) -> None:
        self.decider.assign(source, fixed)

    async def decide(self, records: Sequence[Record]) -> None:
        self.waiting.append(await self.decider.decide(batch(records, self.one_in)))

    async def conclude(self) -> int:
        """Conclude the oldest batch; returns the offset after it."""
        decided = self.waiting.pop(0)
        await self.effects.conclude(decided)
        return decided.batch.items[-1].record.offset + 1

    async def process(self, decoded: Batch[DecodedPost]) -> None:
        await self.effects.conclude(await self.decider.decide(decoded))


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


@settings(max_examples=150, deadline=None)
@given(
    kinds=st.lists(st.booleans(), min_size=1, max_size=20),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    crashes=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=4),
    ahead=st.integers(0, 2),
)
async def test_wherever_it_dies_every_post_counts_once_and_keeps_its_first_result(
    executor: Executor,
    kinds: list[bool],
    sizes: list[int],
    crashes: list[tuple[int, bool]],
    ahead: int,
) -> None:
    log = [
        post_record(n, conversation=f"c{n % 3}") if valid else broken_record(n)
        for n, valid in enumerate(kinds)
    ]
    world = World()
    for life, (at, after) in enumerate([*crashes, (-1, False)]):
        world.faults.at, world.faults.after, world.faults.count = at, after, 0
        try:
            await work(world, log, [size + life for size in sizes], ahead, executor)
        except Crash:
            continue

    valid = {n for n, is_valid in enumerate(kinds) if is_valid and n != 7}
    assert set(world.outputs.delivered) == {(0, n) for n in range(len(kinds))}
    first_results: dict[int, Prediction] = {}
    for (_, offset), outcomes in world.outputs.delivered.items():
        assert all(outcome == outcomes[0] for outcome in outcomes)
        assert isinstance(outcomes[0], Prediction) == (offset in valid)
        if isinstance(outcomes[0], Prediction):
            first_results[offset] = outcomes[0]
    assert world.trends.counts == Counter(
        ("acme", prediction.sentiment.label) for prediction in first_results.values()
    )
    kept = [int(r[2:]) for records in world.store.kept.values() for r in records]
    assert sorted(kept) == sorted(valid)
    last: dict[str, str] = {}
    for _, prediction in sorted(first_results.items()):
        conversation = prediction.conversation_id
        assert prediction.previous_sentiment == last.get(conversation)
        last[conversation] = prediction.sentiment.label
    assert set(world.exemplars.offered) == valid
    assert {at: world.exemplars.texts[at] for at in valid} == {at: f"text {at}" for at in valid}
    assert_windows_are_those_that_were_scored(world)


def assert_windows_are_those_that_were_scored(world: World) -> None:
    """Each example came with the posts of its conversation up to itself, as they are stored."""
    stored = [[record_of(kept) for kept in own] for own in world.store.kept.values()]
    places = {int(r[1:]): (own, at) for own in stored for at, r in enumerate(own)}
    for offset, window in world.exemplars.windows.items():
        own, at = places[offset]
        assert list(window) == own[at + 1 - len(window) : at + 1]


@settings(max_examples=80, deadline=None)
@given(
    conversations=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4),
    lives=st.lists(
        st.tuples(st.integers(1, 12), st.booleans(), st.sampled_from([1, 2, 4])), max_size=4
    ),
)
async def test_a_replayed_post_is_shed_or_counted_as_it_was_whatever_the_setting_is_now(
    executor: Executor,
    conversations: list[int],
    sizes: list[int],
    lives: list[tuple[int, bool, int]],
) -> None:
    log = [post_record(n, conversation=f"c{own}") for n, own in enumerate(conversations) if n != 7]
    log = [replace(record, offset=at) for at, record in enumerate(log)]
    world = World()
    for at, after, one_in in [*lives, (-1, False, 2)]:
        world.faults.at, world.faults.after, world.faults.count = at, after, 0
        world.one_in = one_in
        with contextlib.suppress(Crash):
            await work(world, log, sizes, 1, executor)
    counted = 0
    for (_, offset), outcomes in world.outputs.delivered.items():
        assert all(outcome == outcomes[0] for outcome in outcomes)
        outcome = outcomes[0]
        assert isinstance(outcome, Prediction | Shed)
        kept = isinstance(outcome, Prediction)
        settled = outcome.stands_for if isinstance(outcome, Prediction) else outcome.one_in
        assert kept == Shedding(settled, "posts").keeps(log[offset].key)
        counted += kept
    assert set(world.outputs.delivered) == {(0, at) for at in range(len(log))}
    assert sum(world.trends.counts.values()) == counted
    windows: dict[str, list[Prediction]] = {}
    for (_, offset), outcomes in sorted(world.outputs.delivered.items()):
        conversation = (log[offset].key or b"").decode()
        if isinstance(outcomes[0], Prediction):
            before = windows.setdefault(conversation, [])
            assert outcomes[0].previous_sentiment == (
                before[-1].sentiment.label if before else None
            )
            before.append(outcomes[0])
        else:
            windows.pop(conversation, None)
    assert {name: len(records) for (_, name), records in world.store.kept.items()} == {
        name: len(posts) for name, posts in windows.items()
    }


@pytest.mark.parametrize("committing", [True, False])
@pytest.mark.parametrize("lost", [0, 1, 2, 3, 7])
async def test_what_redis_lost_of_its_last_moments_is_counted_again(
    executor: Executor, lost: int, committing: bool
) -> None:
    """Redis goes back by some effects, at whichever it stands, and the worker ends of it."""
    log = [post_record(n, conversation=f"c{n % 2}") for n in range(12)]
    scored = [n for n in range(12) if n != 7]  # that one is poison
    for at in range(2, 19):  # three effects a batch; the first batch is remembered
        world, held = World(), World()

        def watch(count: int, at: int = at, world: World = world, held: World = held) -> None:
            if count == at:
                held.hold_what_redis_has_of(world)
            if count == at + lost:
                raise Crash

        world.faults.watch = watch
        with contextlib.suppress(Crash):
            await work(world, log, [2], 1, executor, committing=committing)
        world.faults.watch = None
        world.hold_what_redis_has_of(held)
        await work(world, log, [3], 1, executor)
        assert sum(world.trends.counts.values()) == len(scored)
        kept = [int(r[2:]) for records in world.store.kept.values() for r in records]
        assert sorted(kept) == scored


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
