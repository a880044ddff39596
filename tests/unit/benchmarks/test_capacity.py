"""Costs are told apart by runs that differ, and judged on other runs than those."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import calibrate, judge
from benchmarks.capacity.calibrate import parts_of, slower_in_worker
from benchmarks.capacity.engine_costs import (
    LONG,
    OF_THE_MODEL,
    EngineRun,
    model_costs,
    run_engine,
)
from benchmarks.capacity.measured import Measured
from benchmarks.capacity.solving import Equation, solve
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.capacity.costs import Costs, read_costs
from stream_app.capacity.load import Load
from stream_app.capacity.outcome import Outcome
from stream_app.capacity.simulated_model import MODEL
from stream_app.capacity.simulated_worker import LOOP, OTHER_THREADS
from stream_app.capacity.simulation import PRODUCER, Place, simulate

COSTS = read_costs().costs
ENCODE_MS: Final = 1.0
SCORE: Final = Score((1.0, 0.0, 0.0), (1.0,), (1.0,))


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
        OTHER_THREADS: portions * costs.consumer_portion_ms
        + batches * costs.ask_batch_ms
        + posts * (costs.consumer_post_ms + costs.ask_post_ms),
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
    found = parts_of(runs, asdict(planted))
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
        EngineRun(
            batch,
            100,
            100 * batch,
            encode_ms=100 * (0.8 + 0.1 * batch),
            score_ms=100 * (first_ms + 0.3 * batch),
            ask_ms=100 * (0.2 + 0.02 * batch),
        )
        for batch, first_ms in ((1, 2.5), (8, 4.5), (32, 4.5), (64, 4.5), (256, 4.5))
    ]
    planted = {
        "encode_batch_ms": 0.8,
        "encode_post_ms": 0.1,
        "score_single_ms": 2.5,
        "score_batch_ms": 4.5,
        "score_post_ms": 0.3,
        "ask_batch_ms": 0.2,
        "ask_post_ms": 0.02,
    }
    found = model_costs(runs)
    assert {name: found[name] for name in planted} == pytest.approx(planted, rel=0.01)


def test_a_model_that_takes_more_beside_a_worker_is_found_to() -> None:
    alone = asdict(COSTS)
    dearer = {name: 1.3 * alone[name] for name in OF_THE_MODEL}
    load = Load("backlog", posts=5000, tracks=1)
    run = as_measured(load, replace(COSTS, **dearer))
    assert slower_in_worker([run], alone) == pytest.approx(1.3, rel=0.05)


class BusyEngine:
    """Needs `ENCODE_MS` of a core for each record, and hardly anything for a score."""

    version = "1"
    feature_set = DEFAULT.name
    stamp = b"8 bytes."
    device = "cpu"

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        until_s = time.thread_time() + len(posts) * ENCODE_MS / 1000
        while time.thread_time() < until_s:
            pass
        return [self.stamp for _ in posts]

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        return [[SCORE for _ in window.targets] for window in windows]


def test_records_scores_and_whoever_asks_for_them_are_timed_apart() -> None:
    load = Load("any", posts=40, batch_max=20, conversing=LONG)
    run = run_engine(BusyEngine(), [{"text": np.zeros((2, 384), np.float32)}], load)
    assert (run.batches, run.posts) == (2, 40)
    assert run.context > run.posts
    assert run.encode_ms >= 40 * ENCODE_MS
    assert 0 < run.score_ms < run.encode_ms
    assert 0 < run.ask_ms < run.encode_ms


def test_a_pair_tells_how_far_the_simulation_is_off() -> None:
    load = Load("backlog", posts=2000)
    real = as_measured(load, COSTS)
    off = replace(real.outcome, rate=1.1 * real.outcome.rate, busy=0.8 * real.outcome.busy)
    pair = judge.pair(real, off)
    assert pair.rate_error == pytest.approx(0.1)
    assert pair.busy_error == pytest.approx(-0.2)
    assert isinstance(pair.measured, Outcome)
