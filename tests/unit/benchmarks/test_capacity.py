"""Costs are told apart by runs that differ, and judged on other runs than those."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import calibrate, judge
from benchmarks.capacity.calibrate import best_lock, parts_of
from benchmarks.capacity.engine_costs import EngineRun, model_costs
from benchmarks.capacity.measured import Measured
from benchmarks.capacity.solving import Equation, solve
from stream_app.capacity.costs import Costs, read_costs
from stream_app.capacity.load import Load
from stream_app.capacity.outcome import Outcome
from stream_app.capacity.simulated_worker import CONSUMER, LOOP, MODEL
from stream_app.capacity.simulation import PRODUCER, Place, simulate

COSTS = read_costs().costs


@given(st.tuples(*[st.floats(0.01, 5)] * 3))
def test_costs_that_explain_the_runs_are_found(planted: tuple[float, ...]) -> None:
    parts = [(1, 2, 3), (4, 1, 0), (0, 5, 1), (2, 2, 9)]
    runs = [
        Equation(each, sum(a * b for a, b in zip(each, planted, strict=True))) for each in parts
    ]
    assert list(solve(("a", "b", "c"), runs).values()) == pytest.approx(planted, rel=1e-6)


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="measure more"):
        solve(("a", "b"), [Equation((1, 2), 3)])


def test_no_load_is_judged_that_was_calibrated_on() -> None:
    def plain(load: Load) -> Load:
        return replace(load, name="")

    assert not {plain(each) for each in judge.LOADS} & {plain(each) for each in calibrate.LOADS}
    assert len(judge.LOADS) == len({plain(each) for each in judge.LOADS})


def as_measured(load: Load, costs: Costs) -> Measured:
    """A run that costs exactly this, told as a real one is."""
    told = simulate(load, costs, Place()).outcome
    posts, seconds = 5000, 5000 / told.rate
    batches = posts / told.batch
    pieces, sent = batches * told.pieces, 0 if load.rate is None else posts
    calls, polls = batches * told.calls, 500 if load.rate else 20
    portions = batches * told.portions
    appended = portions if load.rate else 0
    used = {
        LOOP: batches * costs.loop_batch_ms
        + pieces * costs.loop_piece_ms
        + calls * costs.loop_call_ms
        + portions * costs.loop_portion_ms
        + posts * costs.loop_post_ms,
        CONSUMER: portions * costs.consumer_portion_ms + posts * costs.consumer_post_ms,
        MODEL: told.core_ms[MODEL] * posts,
        "Redis": pieces * costs.redis_piece_ms
        + calls * costs.redis_call_ms
        + posts * costs.redis_post_ms
        + polls * costs.redis_poll_ms,
        "Kafka": 1000 * seconds * costs.kafka_cores
        + pieces * costs.kafka_piece_ms
        + portions * costs.kafka_read_ms
        + appended * costs.kafka_append_ms,
        PRODUCER: sent * costs.producer_post_ms + polls * costs.producer_poll_ms + 1e-9,
    }
    return Measured(
        load=load,
        outcome=told,
        seconds=seconds,
        posts=posts,
        sent=sent,
        batches=batches,
        pieces=round(pieces),
        calls=round(calls),
        portions=portions,
        reads=0,
        polls=polls,
        redis_bytes=round(posts * costs.redis_post_bytes + calls * costs.redis_call_bytes),
        others_ms=0.0,
        used_ms=used,
        behind_s=None,
    )


def test_planted_costs_come_back_from_the_runs_that_calibrate_makes() -> None:
    planted = replace(
        COSTS,
        loop_batch_ms=1.0,
        loop_piece_ms=0.9,
        loop_call_ms=0.1,
        loop_portion_ms=0.3,
        loop_post_ms=0.15,
        consumer_portion_ms=0.6,
        consumer_post_ms=0.01,
        kafka_read_ms=0.2,
        kafka_append_ms=0.5,
    )
    runs = [
        as_measured(replace(load, posts=2000, seconds=2.0), planted) for load in calibrate.LOADS
    ]
    found = parts_of(runs)
    for name in (
        "loop_piece_ms",
        "loop_call_ms",
        "loop_portion_ms",
        "loop_post_ms",
        "consumer_portion_ms",
        "consumer_post_ms",
        "kafka_read_ms",
        "kafka_append_ms",
        "redis_call_bytes",
    ):
        assert found[name] == pytest.approx(getattr(planted, name), rel=0.1), name


def test_a_batch_of_one_post_says_nothing_of_larger_ones() -> None:
    runs = [
        EngineRun(batch, 100, 100 * batch, 0, 0, 100 * (first_ms + 0.3 * batch))
        for batch, first_ms in ((1, 2.5), (8, 4.5), (32, 4.5), (64, 4.5), (128, 4.5))
    ]
    found = model_costs(runs)
    assert found["model_single_ms"] == pytest.approx(2.5, rel=0.01)
    assert found["model_batch_ms"] == pytest.approx(4.5, rel=0.01)
    assert found["model_post_ms"] == pytest.approx(0.3, rel=0.01)


def test_the_share_under_the_lock_is_found_again() -> None:
    planted = replace(COSTS, model_locked=0.7)
    backlog = as_measured(Load("backlog", posts=2000), planted)
    assert best_lock([backlog], COSTS) == pytest.approx(0.7, abs=0.051)


def test_a_pair_tells_how_far_the_simulation_is_off() -> None:
    load = Load("backlog", posts=2000)
    real = as_measured(load, COSTS)
    off = replace(real.outcome, rate=1.1 * real.outcome.rate, busy=0.8 * real.outcome.busy)
    pair = judge.pair(real, off)
    assert pair.rate_error == pytest.approx(0.1)
    assert pair.busy_error == pytest.approx(-0.2)
    assert isinstance(pair.measured, Outcome)
