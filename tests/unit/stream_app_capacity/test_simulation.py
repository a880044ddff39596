"""The simulated pipeline waits as queues wait, loses nothing, and decides as the worker does."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import simpy

import stream_app.worker
from stream_app.capacity import simulated_worker, simulation
from stream_app.capacity.arrivals import arrival_times
from stream_app.capacity.cores import Cores
from stream_app.capacity.costs import read_costs
from stream_app.capacity.ledger import Ledger
from stream_app.capacity.load import Arrivals, Load
from stream_app.capacity.simulated_model import SimulatedModel
from stream_app.capacity.simulated_servers import Posted
from stream_app.capacity.simulation import Place, simulate
from stream_app.capacity.windows import Looked
from stream_app.core.flow import (
    BATCHES_HELD,
    FETCH_RECORDS,
    LEAST_APART_S,
    MOST_APART_S,
    WAITING_BATCHES,
    Flow,
)
from tests.unit.stream_app_capacity.costs_of import costs_of

ALONE = Place(cores=64, together=False)
BACKLOG = Load("backlog", posts=2000, batch_max=64)  # batches enough for eight workers
COSTS = read_costs().costs


def one_by_one(rate: float, seconds: float) -> Load:
    """Posts in batches of one: one thread after another, so that the model is a queue."""
    return Load(
        "queue",
        rate=rate,
        seconds=seconds,
        settling_s=0.0,
        arrivals="poisson",
        partitions=1,
        batch_max=1,
    )


@pytest.fixture
def fetching_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause after a fetch: a queue's formula knows none."""
    monkeypatch.setattr(simulated_worker, "fetch_pause_s", lambda *_: 0.0)


@pytest.mark.usefixtures("fetching_at_once")
@pytest.mark.parametrize("used", [0.3, 0.7])
def test_posts_wait_for_a_thread_as_in_a_queue_with_one_server(used: float) -> None:
    """M/D/1, Pollaczek and Khinchine: D (1 + rho / (2 (1 - rho)))."""
    found = simulate(one_by_one(500 * used, 25.0), costs_of(score_post_ms=2.0), ALONE)
    assert found.mean_ms == pytest.approx(2.0 * (1 + used / (2 * (1 - used))), rel=0.08)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    load = Load("random", rate=400.0, seconds=3.0, arrivals="poisson")
    assert simulate(load, COSTS, Place(), seed=4) == simulate(load, COSTS, Place(), seed=4)
    assert simulate(load, COSTS, Place(), seed=4) != simulate(load, COSTS, Place(), seed=5)


@pytest.mark.parametrize("arrivals", ["steady", "poisson", "bursts", "day"])
@pytest.mark.parametrize("rate", [300.0, 6000.0])
def test_what_came_was_counted_or_still_waits(
    monkeypatch: pytest.MonkeyPatch, arrivals: Arrivals, rate: float
) -> None:
    monkeypatch.setattr(simulation, "DRAIN_S", 0.05)
    told = simulate(Load("any", rate=rate, seconds=2.0, arrivals=arrivals), COSTS, Place())
    assert told.sent == told.counted + told.waiting
    assert told.sent == sum(1 for _ in arrival_times(arrivals, rate, 4.0, 1))
    assert (told.waiting > 0) == (rate > 3000)


def test_a_backlog_is_counted_to_its_end() -> None:
    told = simulate(BACKLOG, COSTS, Place())
    assert (told.sent, told.counted, told.waiting) == (2000, 2000, 0)


def rates(loads: Callable[[int], tuple[Load, Place]], steps: tuple[int, ...]) -> list[float]:
    return [simulate(load, COSTS, place).outcome.rate for load, place in map(loads, steps)]


def test_more_workers_never_count_fewer() -> None:
    found = rates(lambda count: (replace(BACKLOG, workers=count), ALONE), (1, 2, 4, 8))
    assert found == sorted(found)
    assert found[-1] > 3 * found[0]


def test_more_cores_never_count_fewer() -> None:
    load = replace(BACKLOG, workers=3)
    found = rates(lambda cores: (load, Place(cores=float(cores))), (1, 2, 3, 6))
    assert found == sorted(found)


def test_more_workers_than_partitions_are_of_no_use() -> None:
    some = replace(BACKLOG, partitions=2, workers=2)
    assert simulate(some, COSTS, ALONE) == simulate(replace(some, workers=9), COSTS, ALONE)


def test_nobody_uses_more_cores_than_there_are() -> None:
    told = simulate(replace(BACKLOG, workers=6), COSTS, Place(cores=2.0))
    assert 0.9 < told.outcome.busy <= 1.0 + 1e-6


def test_worker_and_simulation_ask_the_same_class_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert vars(stream_app.worker)["Flow"] is vars(simulated_worker)["Flow"] is Flow
    held: list[int] = []
    waiting: list[int] = []

    class Watched(Flow[Posted]):
        def take(self) -> tuple[list[Posted], float]:
            waiting.append(len(self))
            taken = super().take()
            held.append(self.held)
            return taken

    monkeypatch.setattr(simulated_worker, "Flow", Watched)
    simulate(BACKLOG, COSTS, Place())
    assert max(held) == BATCHES_HELD
    assert max(waiting) < WAITING_BATCHES * BACKLOG.batch_max + FETCH_RECORDS


@pytest.mark.parametrize(
    ("cost", "whose"),
    [
        ("loop_portion_ms", "event loops"),
        ("consumer_portion_ms", "other threads"),
        ("kafka_read_ms", "Kafka"),
        ("kafka_append_ms", "Kafka"),
    ],
)
def test_the_fewer_posts_come_together_the_more_each_costs(cost: str, whose: str) -> None:
    costs = costs_of(**{cost: 1.0})
    few, many = (
        simulate(Load("r", rate=rate, seconds=4.0), costs, Place()).outcome.core_ms[whose]
        for rate in (100.0, 3200.0)
    )
    assert few > 0.9  # each post comes by itself
    assert many < 0.6  # 16 come together, two of a partition


@pytest.mark.usefixtures("fetching_at_once")
def test_what_comes_while_a_fetch_is_under_way_comes_with_the_next() -> None:
    load = Load("r", rate=1000.0, seconds=2.0, partitions=1)
    told = simulate(load, costs_of(fetch_trip_ms=10.0), ALONE).outcome
    assert told.portions / told.batch == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize("rate", [700.0, 1000.0])
def test_after_a_small_fetch_the_next_waits_and_brings_more(rate: float) -> None:
    load = Load("r", rate=rate, seconds=2.0, partitions=1)
    told = simulate(load, costs_of(), ALONE).outcome
    assert told.portions / told.batch == pytest.approx(1 / (rate * MOST_APART_S), rel=0.15)


def test_where_few_posts_come_none_waits_long_for_a_fetch() -> None:
    load = Load("r", rate=150.0, seconds=2.0, partitions=1, batch_max=1)
    assert simulate(load, costs_of(), ALONE).mean_ms < 1000 * LEAST_APART_S


def test_a_backlog_of_large_posts_is_not_held_up() -> None:
    load = replace(BACKLOG, partitions=1)
    found = simulate(load, costs_of(post_wire_bytes=100_000.0, score_post_ms=0.2), ALONE)
    assert found.outcome.rate > 3000  # ten a fetch: not over 500 with a pause after each


def test_whole_portions_of_a_backlog_cost_little() -> None:
    costs = costs_of(loop_portion_ms=1.0, post_wire_bytes=10_000.0)
    told = simulate(BACKLOG, costs, Place()).outcome
    assert told.core_ms["event loops"] == pytest.approx(1 / 26, rel=0.2)  # a MiB in 4 portions


def test_a_batch_of_one_post_costs_what_is_its_own() -> None:
    costs = costs_of(score_single_ms=2.0, score_batch_ms=64.0)
    alone = simulate(replace(BACKLOG, batch_max=1), costs, ALONE).outcome
    together = simulate(BACKLOG, costs, ALONE).outcome
    assert alone.core_ms["model"] == pytest.approx(2.0)
    assert together.core_ms["model"] == pytest.approx(1.0, rel=0.1)


def test_a_state_that_is_not_kept_costs_what_computing_it_again_does() -> None:
    costs = costs_of(score_post_ms=0.1, score_context_ms=0.0, score_rebuilt_ms=1.0)
    kept = simulate(BACKLOG, costs, replace(ALONE, states_mib=1024.0)).outcome
    lost = simulate(BACKLOG, costs, replace(ALONE, states_mib=0.0)).outcome
    assert lost.core_ms["model"] > 2 * kept.core_ms["model"]


def test_a_models_process_makes_records_while_others_have_the_lock_and_never_while_it_scores() -> (
    None
):
    """Encoding, scoring and the event loop take 1 ms a post each: a process, and a lock, is one."""
    encoding = costs_of(encode_post_ms=1.0, score_post_ms=1.0)
    both = replace(encoding, loop_post_ms=1.0, loop_locked=1.0)
    assert simulate(BACKLOG, encoding, ALONE).outcome.rate == pytest.approx(500, rel=0.05)
    assert simulate(BACKLOG, both, ALONE).outcome.rate == pytest.approx(500, rel=0.05)
    assert simulate(BACKLOG, both, Place(cores=1.0)).outcome.rate == pytest.approx(333, rel=0.05)


def test_records_are_made_while_the_batch_before_is_on_its_way_to_its_scores() -> None:
    costs = costs_of(encode_post_ms=1.0, ask_post_ms=1.0)
    assert simulate(BACKLOG, costs, ALONE).outcome.rate == pytest.approx(1000, rel=0.1)


def test_the_model_scores_the_next_batch_while_predictions_are_made_of_the_last() -> None:
    costs = costs_of(score_post_ms=1.0, loop_post_ms=1.0, predict_share=1.0)
    assert simulate(BACKLOG, costs, ALONE).outcome.rate == pytest.approx(1000, rel=0.1)


def test_as_many_batches_as_are_held_are_formed_before_the_first_has_its_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    formed: list[int] = []
    asked: list[int] = []

    class Watched(Flow[Posted]):
        def take(self) -> tuple[list[Posted], float]:
            taken = super().take()
            formed.append(self.held)
            return taken

    class Model(SimulatedModel):
        def score(self, posts: int, looked: Looked) -> simpy.events.ProcessGenerator:
            asked.append(len(formed))
            return super().score(posts, looked)

    monkeypatch.setattr(simulated_worker, "Flow", Watched)
    monkeypatch.setattr(simulated_worker, "SimulatedModel", Model)
    simulate(BACKLOG, costs_of(encode_post_ms=1.0), ALONE)
    assert asked[0] == BATCHES_HELD


def test_the_model_answers_who_asks_for_scores_before_who_asks_for_records() -> None:
    clock = simpy.Environment()
    costs = costs_of(encode_post_ms=1.0, score_post_ms=1.0)
    model = SimulatedModel(clock, Cores(clock, 1.0), Ledger(), costs, gpu=None)
    answered: list[str] = []

    def ask(name: str, question: simpy.events.ProcessGenerator) -> simpy.events.ProcessGenerator:
        yield from question
        answered.append(name)

    clock.process(ask("under way", model.encode(10)))
    clock.process(ask("records", model.encode(10)))
    clock.process(ask("scores", model.score(10, Looked())))
    clock.run()
    assert answered == ["under way", "scores", "records"]


def test_asking_the_model_holds_the_lock_of_the_event_loop() -> None:
    costs = costs_of(ask_post_ms=1.0, loop_post_ms=1.0, loop_locked=1.0)
    told = simulate(BACKLOG, costs, ALONE).outcome
    assert told.rate == pytest.approx(500, rel=0.05)
    assert told.core_ms["other threads"] == pytest.approx(1.0)


def test_the_time_of_a_score_is_not_that_of_its_record() -> None:
    costs = costs_of(encode_batch_ms=2.0, score_single_ms=1.0, ask_batch_ms=0.5)
    slow = Load("slow", rate=20.0, seconds=4.0)
    assert simulate(slow, costs, ALONE).outcome.infer_ms == pytest.approx(1.5)


def test_redis_that_others_use_too_makes_posts_wait_longer() -> None:
    load = Load("random", rate=500.0, seconds=3.0, arrivals="poisson")
    alone = simulate(load, COSTS, ALONE).outcome.latency_ms["p50"]
    shared = simulate(load, COSTS, replace(ALONE, redis_slowed=5.0)).outcome.latency_ms["p50"]
    assert alone is not None
    assert shared is not None
    assert shared > alone


def test_posts_wait_longer_the_more_come() -> None:
    found = [
        simulate(Load("r", rate=rate, seconds=4.0, arrivals="poisson"), COSTS, ALONE)
        for rate in (200.0, 700.0, 1300.0)
    ]
    waits = [each.outcome.latency_ms["p99"] or 0.0 for each in found]
    assert waits == sorted(waits)


def test_a_gpu_takes_the_models_part_off_the_cores() -> None:
    on_gpu = simulate(BACKLOG, COSTS, replace(ALONE, gpus=1))
    on_cores = simulate(BACKLOG, COSTS, ALONE)
    assert on_gpu.outcome.core_ms["model"] < on_cores.outcome.core_ms["model"]
    assert 0 < on_gpu.gpu_busy <= 1
    assert on_cores.gpu_busy == 0
