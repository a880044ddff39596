"""Ends a process that stood still so long that its partitions may be somebody else's.

A process thawed after a freeze still believes in its assignment; it must not write one byte.
"""

import threading
import time
from collections.abc import Callable

from stream_app.exits import ExitCode

TICK_S = 0.05


class Watchdog:
    """A thread that measures its own pauses and those of the event loop.

    Args:
        limit_s: longest pause that is harmless, seconds; well below the session timeout.
        leave: ends the process; called at most once.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        limit_s: float,
        leave: Callable[[ExitCode, str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit_s = limit_s
        self._leave = leave
        self._clock = clock
        self._own_tick_s = clock()
        self._loop_tick_s: float | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Watch from now on, in a daemon thread."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching: the process is on its way out."""
        self._stopped.set()

    def loop_ticked(self) -> None:
        """The event loop is alive; call it from there, often."""
        self._loop_tick_s = self._clock()

    def look(self) -> bool:
        """Look once; returns whether the process must end, having asked for it."""
        now_s = self._clock()
        own_pause_s = now_s - self._own_tick_s
        loop_pause_s = 0.0 if self._loop_tick_s is None else now_s - self._loop_tick_s
        self._own_tick_s = now_s
        if own_pause_s > self._limit_s:
            self._leave(ExitCode.STALLED, f"the process stood still for {own_pause_s:.1f} s")
            return True
        if loop_pause_s > self._limit_s:
            self._leave(ExitCode.STALLED, f"the event loop stood still for {loop_pause_s:.1f} s")
            return True
        return False

    def _watch(self) -> None:
        self._own_tick_s = self._clock()
        while not self._stopped.wait(TICK_S):
            if self.look():
                return
