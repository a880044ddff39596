"""Threads on the cores of one machine, in virtual time: who runs how fast, and when it is done.

Every runnable thread gets an equal share of the cores and never more than one core; threads of one
process share its interpreter's lock besides, each for the part of its work that needs it. Not for
whose work it is: `simulated_worker` and `simulated_servers` know that.

Source: max-min fair shares by progressive filling (Bertsekas & Gallager, Data Networks, 6.5.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isinf
from typing import Final

import simpy

_DONE_MS: Final = 1e-6  # of work: rounding, not work
_NOTHING: Final = 1e-9  # of a share: likewise


@dataclass(slots=True)
class Thread:
    """Work that a thread has to do.

    Attributes:
        left_ms: milliseconds of a core that are left.
        process: whose lock it shares; None: nobody's.
        locked: share of the work that holds the lock, 0 to 1.
        done: happens when nothing is left.
        speed: cores that it gets now.
    """

    left_ms: float
    process: object
    locked: float
    done: simpy.Event
    speed: float = field(default=0.0)


class Cores:
    """The cores of a machine.

    Args:
        clock: virtual time, seconds.
        cores: how many; infinitely many where a machine is never the limit.

    Attributes:
        used_ms: milliseconds of a core that were used so far.
    """

    def __init__(self, clock: simpy.Environment, cores: float) -> None:
        self.used_ms = 0.0
        self._clock = clock
        self._cores = cores
        self._running: list[Thread] = []
        self._moved_s = 0.0
        self._plan = 0

    def run(self, work_ms: float, process: object = None, locked: float = 0.0) -> simpy.Event:
        """Do work in a thread of its own; the event happens when it is done."""
        done = self._clock.event()
        if work_ms <= 0:
            return done.succeed()
        if isinf(self._cores):  # nobody waits for anybody, which is the same and far less to do
            self.used_ms += work_ms
            return self._clock.timeout(work_ms / 1000)
        self._move_on()
        self._running.append(Thread(work_ms, process, locked, done))
        self._share_out()
        return done

    def _move_on(self) -> None:
        """Do what was done since the last change."""
        passed_ms = 1000 * (self._clock.now - self._moved_s)
        self._moved_s = self._clock.now
        for thread in self._running:
            step = min(thread.left_ms, thread.speed * passed_ms)
            thread.left_ms -= step
            self.used_ms += step

    def _share_out(self) -> None:
        """Give speeds, and come back when the first is done."""
        self._plan += 1
        if not self._running:
            return
        share_cores(self._running, self._cores)
        first_s = min(thread.left_ms / thread.speed for thread in self._running) / 1000
        waited = self._clock.timeout(first_s, self._plan)
        waited.callbacks.append(self._on_time)

    def _on_time(self, event: simpy.Event) -> None:
        if event.value != self._plan:
            return  # something began meanwhile, and another plan was made
        self._move_on()
        finished = [each for each in self._running if each.left_ms <= _DONE_MS]
        self._running = [each for each in self._running if each.left_ms > _DONE_MS]
        for thread in finished:
            thread.done.succeed()
        self._share_out()


def share_cores(threads: Sequence[Thread], cores: float) -> None:
    """Set the speed of every thread: equal shares, but where a lock or one core holds it back.

    Args:
        threads: runnable.
        cores: to share, above 0.
    """
    free = cores
    locks: dict[object, float] = {
        thread.process: 1.0 for thread in threads if thread.process is not None
    }
    growing = list(threads)
    for thread in threads:
        thread.speed = 0.0
    while growing:
        holders: dict[object, float] = {}
        for thread in growing:
            if thread.process is not None:
                holders[thread.process] = holders.get(thread.process, 0.0) + thread.locked
        step = min(
            free / len(growing),
            *(1.0 - thread.speed for thread in growing),
            *(locks[process] / held for process, held in holders.items() if held > 0),
        )
        for thread in growing:
            thread.speed += step
        free -= step * len(growing)
        for process, held in holders.items():
            locks[process] -= step * held
        growing = [
            thread
            for thread in growing
            if free > _NOTHING
            and thread.speed < 1.0 - _NOTHING
            and not (
                thread.process is not None
                and thread.locked > 0
                and locks[thread.process] <= _NOTHING
            )
        ]
