"""Cores are shared as the formulas for shared processors say, and a lock is held by one thread."""

from random import Random

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from stream_app.capacity.cores import Cores, Thread, share_cores

POSTS = 10_000


class Shared:
    """Poisson work on one core: how long each piece took, and how many were there on average."""

    def __init__(self, rate: float, mean_ms: float, *, exponential: bool) -> None:
        self.clock = simpy.Environment()
        self.cores = Cores(self.clock, 1.0)
        self.random = Random(5)
        self.took_ms: list[float] = []
        self.there = 0
        self.area = 0.0
        self.moved_s = 0.0
        self.clock.process(self._come(rate, mean_ms, exponential))
        self.clock.run()

    def _step(self, change: int) -> None:
        self.area += self.there * (self.clock.now - self.moved_s)
        self.moved_s = self.clock.now
        self.there += change

    def _come(
        self, rate: float, mean_ms: float, exponential: bool
    ) -> simpy.events.ProcessGenerator:
        for _ in range(POSTS):
            yield self.clock.timeout(self.random.expovariate(rate))
            work_ms = self.random.expovariate(1 / mean_ms) if exponential else mean_ms
            self.clock.process(self._work(work_ms))

    def _work(self, work_ms: float) -> simpy.events.ProcessGenerator:
        began_s = self.clock.now
        self._step(1)
        yield self.cores.run(work_ms)
        self._step(-1)
        self.took_ms.append(1000 * (self.clock.now - began_s))

    @property
    def mean_ms(self) -> float:
        return sum(self.took_ms) / len(self.took_ms)


@pytest.mark.parametrize("exponential", [True, False])
@pytest.mark.parametrize("used", [0.3, 0.6])
def test_work_on_a_shared_core_takes_as_long_as_the_formula_says(
    used: float, exponential: bool
) -> None:
    """M/G/1-PS: the mean time is D / (1 - rho), whatever the distribution; M/M/1's among them."""
    shared = Shared(1000 * used / 2.0, 2.0, exponential=exponential)
    assert shared.mean_ms == pytest.approx(2.0 / (1 - used), rel=0.08)


def test_as_many_are_there_as_come_times_how_long_they_stay() -> None:
    shared = Shared(250.0, 2.0, exponential=True)
    rate = POSTS / shared.moved_s
    there = shared.area / shared.moved_s
    assert there == pytest.approx(rate * shared.mean_ms / 1000, rel=1e-6)


def threads(*wanted: tuple[str | None, float]) -> list[Thread]:
    clock = simpy.Environment()
    return [Thread(1.0, process, locked, clock.event()) for process, locked in wanted]


@given(
    wanted=st.lists(
        st.tuples(st.sampled_from([None, "a", "b"]), st.floats(0, 1)), min_size=1, max_size=8
    ),
    cores=st.floats(0.5, 8),
)
def test_nobody_gets_more_than_a_core_and_no_lock_more_than_one_holder(
    wanted: list[tuple[str | None, float]], cores: float
) -> None:
    running = threads(*wanted)
    share_cores(running, cores)
    assert all(0 < each.speed <= 1 + 1e-9 for each in running)
    assert sum(each.speed for each in running) <= cores + 1e-6
    for process in ("a", "b"):
        held = sum(each.speed * each.locked for each in running if each.process == process)
        assert held <= 1 + 1e-6


def test_two_threads_under_one_lock_are_as_fast_as_one_whatever_the_cores() -> None:
    running = threads(("a", 1.0), ("a", 1.0))
    share_cores(running, 8)
    assert [each.speed for each in running] == pytest.approx([0.5, 0.5])


def test_all_work_that_was_given_is_done() -> None:
    clock = simpy.Environment()
    cores = Cores(clock, 2.0)
    for work_ms in (5.0, 1.0, 7.5, 0.0):
        cores.run(work_ms)
    clock.run()
    assert cores.used_ms == pytest.approx(13.5)
    assert clock.now == pytest.approx(0.008)


def test_on_cores_without_end_work_takes_its_time_and_no_more() -> None:
    clock = simpy.Environment()
    cores = Cores(clock, float("inf"))
    done = [cores.run(work_ms) for work_ms in (3.0, 8.0)]
    clock.run(clock.all_of(done))
    assert clock.now == pytest.approx(0.008)
    assert cores.used_ms == pytest.approx(11.0)
