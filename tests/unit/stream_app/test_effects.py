"""The order of effects makes counts exact and results final, wherever the process dies."""

import contextlib
from collections import Counter
from concurrent.futures import Executor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.schemas.kept_post import record_of
from connectors.schemas.prediction import Prediction
from stream_app.core.outcome import Shed
from stream_app.core.shedding import Shedding
from tests.unit.stream_app.fakes import Crash, broken_record, post_record
from tests.unit.stream_app.worlds import World, work


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
