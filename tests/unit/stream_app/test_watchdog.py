"""A process or loop that stood still must not go on."""

import asyncio

from stream_app.exits import ExitCode
from stream_app.watchdog import Watchdog


class Seen:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.left: list[tuple[ExitCode, str]] = []

    def watchdog(self) -> Watchdog:
        return Watchdog(3.0, lambda code, why: self.left.append((code, why)), lambda: self.now_s)


def test_short_pauses_are_harmless() -> None:
    seen = Seen()
    watchdog = seen.watchdog()
    watchdog.loop_ticked()
    seen.now_s = 2.9
    assert not watchdog.look()
    assert seen.left == []


def test_a_frozen_process_ends_when_it_thaws() -> None:
    seen = Seen()
    watchdog = seen.watchdog()
    seen.now_s = 9.0
    assert watchdog.look()
    assert [code for code, _ in seen.left] == [ExitCode.STALLED]


def test_a_loop_that_stands_still_ends_the_process_though_the_thread_runs() -> None:
    seen = Seen()
    watchdog = seen.watchdog()
    watchdog.loop_ticked()
    for now_s in (1.0, 2.0, 3.0):
        seen.now_s = now_s
        assert not watchdog.look()
    seen.now_s = 3.1
    assert watchdog.look()
    assert "event loop" in seen.left[0][1]


def test_before_the_loop_ticks_only_the_process_is_watched() -> None:
    seen = Seen()
    watchdog = seen.watchdog()
    for now_s in range(20):
        seen.now_s = float(now_s)
        assert not watchdog.look()


async def test_the_thread_looks_by_itself() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    watchdog = Watchdog(0.2, lambda *_: loop.call_soon_threadsafe(ended.set))
    watchdog.loop_ticked()
    watchdog.start()
    await asyncio.wait_for(ended.wait(), 10)
