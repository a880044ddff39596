"""Times of batches by stage are those of the workers' own histograms."""

import asyncio
from collections.abc import Iterator

import pytest
from prometheus_client import start_http_server

from benchmarks.stages import ORDER, Stages, between, look, middle
from benchmarks.steady import BenchmarkStoppedError
from deploy.local.processes import free_ports
from stream_app.metrics import Metrics

NOTHING = dict.fromkeys(ORDER, 0.0)


@pytest.fixture
def workers() -> Iterator[dict[int, Metrics]]:
    """What two workers measure, by the ports at which they show it."""
    shown = {port: Metrics() for port in free_ports(2)}
    served = [
        start_http_server(port, "127.0.0.1", metrics.registry) for port, metrics in shown.items()
    ]
    yield shown
    for server, thread in served:
        server.shutdown()
        server.server_close()
        thread.join()


def test_means_are_of_the_batches_of_all_workers_between_two_looks(
    workers: dict[int, Metrics],
) -> None:
    first, second = workers.values()
    ports = list(workers)
    first.batch(100, 7.0)
    before = asyncio.run(look(ports))
    first.batch(10, 0.5)
    second.batch(20, 0.25)
    second.batch(30, 0.0)
    after = asyncio.run(look(ports))
    assert between(before, after) == Stages(20.0, NOTHING | {"wait": 250.0})
    assert between({}, before) == Stages(100.0, NOTHING | {"wait": 7000.0})


def test_every_stage_is_told_by_its_name(workers: dict[int, Metrics]) -> None:
    (metrics, *_), ports = workers.values(), list(workers)
    metrics.batch(1, 0.0)
    for stage in ORDER:
        if stage != "wait":
            with metrics.stage(stage):
                sum(range(100_000))
    found = between({}, asyncio.run(look(ports)))
    assert list(found.ms) == list(ORDER)
    assert all(found.ms[stage] > 0 for stage in ORDER if stage != "wait")


def test_a_time_without_batches_is_told_as_such(workers: dict[int, Metrics]) -> None:
    seen = asyncio.run(look(list(workers)))
    assert between(seen, seen) == Stages(0.0, NOTHING)


def test_a_worker_that_was_started_again_is_noticed(workers: dict[int, Metrics]) -> None:
    shown, fresh = workers
    workers[shown].batch(10, 0.5)
    before = asyncio.run(look([shown]))
    with pytest.raises(BenchmarkStoppedError, match="started again"):
        between(before, asyncio.run(look([fresh])))


def test_the_middle_of_runs_is_taken_figure_by_figure() -> None:
    runs = [Stages(posts, NOTHING | {"infer": infer}) for posts, infer in ((1, 9), (2, 7), (30, 8))]
    assert middle(runs) == Stages(2, NOTHING | {"infer": 8})
