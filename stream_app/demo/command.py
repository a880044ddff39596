"""The demonstration as a command: its servers, its screen, its signals; nothing stays behind.

Not for what is played: that is `run`.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Final, NoReturn, Self
from uuid import uuid4

import redis.exceptions
from rich.console import Console
from rich.live import Live

from connectors.kafka.errors import KafkaConnectorError
from deploy.local import LocalStack, StackError
from stream_app.cli.errors import CliError
from stream_app.cli.progress import drawn_progress
from stream_app.demo.report import Report
from stream_app.demo.run import DemoRun, RunOptions
from stream_app.demo.state import Moment
from stream_app.demo.view import line, screen
from stream_app.demo.worker_process import WorkerFailedError
from stream_app.settings import Settings

LINE_EVERY_S: Final = 5.0
EXPECTED = (KafkaConnectorError, StackError, WorkerFailedError, redis.exceptions.RedisError)


def run_demo(options: RunOptions) -> Report:
    """Run the demonstration from the first server to the last.

    Raises:
        CliError: a server or the worker does not start, or was lost on the way.
        SystemExit: SIGTERM, or a second Ctrl-C.
    """
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell script may ignore it
    with TemporaryDirectory(prefix="voxpop-demo-") as folder:
        try:
            with _servers(Path(folder)) as settings:
                return _run(settings, options, Path(folder))
        except (*EXPECTED, ExceptionGroup) as error:
            first = _first(error)
            if isinstance(first, EXPECTED):
                raise CliError(str(first)) from error
            raise


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[Settings]:
    """Settings of existing servers, or of own ones that end with the context."""
    named = [name for name in ("VOXPOP_KAFKA", "VOXPOP_REDIS") if os.environ.get(name)]
    if len(named) == 1:
        raise CliError(
            f"only {named[0]} is set: set both VOXPOP_KAFKA and VOXPOP_REDIS, or neither"
        )
    own = {"topic_prefix": f"demo-{uuid4().hex[:8]}-", "data_dir": folder}
    if named:
        yield Settings().model_copy(update=own)
        return
    stack = LocalStack(folder / "stack")
    try:
        with drawn_progress() as progress:
            endpoints = stack.start(progress)
        yield Settings().model_copy(
            update={**own, "kafka": endpoints.kafka, "redis": endpoints.redis}
        )
    finally:
        with _uninterrupted():
            stack.stop()


def _run(settings: Settings, options: RunOptions, folder: Path) -> Report:
    with _Display() as display:
        run = DemoRun(settings, options, folder, display.progress, display.show)
        stopping = _Stopping(run)
        try:
            return asyncio.run(stopping.play())
        except asyncio.CancelledError:
            sys.exit(128 + stopping.signal)
        finally:
            signal.signal(signal.SIGTERM, _end)  # the loop has put the default back
            _keep(run.worker.log)


class _Stopping:
    """Plays a run; the first Ctrl-C ends the playing, a second one or SIGTERM everything.

    Attributes:
        signal: which one ended everything.
    """

    def __init__(self, run: DemoRun) -> None:
        self.signal = signal.SIGINT
        self._run = run
        self._stop = asyncio.Event()

    async def play(self) -> Report:
        """Play to the end.

        Raises:
            asyncio.CancelledError: a signal ended everything.
        """
        task = asyncio.ensure_future(self._run.play(self._stop))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._received, number, task)
        return await task

    def _received(self, number: signal.Signals, task: asyncio.Future[Report]) -> None:
        gently = number == signal.SIGINT and self._run.is_playing and not self._stop.is_set()
        self._stop.set()
        if not gently:
            self.signal = number
            task.cancel()


class _Display:
    """First the progress of what is prepared, then the moments of the run.

    Moments are drawn on a terminal; elsewhere one is said in a line now and then.
    """

    def __init__(self) -> None:
        self._console = Console()
        self._said = time.monotonic()
        self._live: Live | None = None
        self._bars = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.progress = self._bars.enter_context(drawn_progress())
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.close()
        if self._live is not None:
            self._live.stop()

    def show(self, moment: Moment) -> None:
        """Show a moment; nothing is prepared any more."""
        self._bars.close()
        if not self._console.is_terminal:
            self._say(moment)
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(screen(moment), refresh=True)

    def _say(self, moment: Moment) -> None:
        if time.monotonic() - self._said >= LINE_EVERY_S:
            self._said = time.monotonic()
            self._console.print(line(moment), highlight=False, soft_wrap=True)


def _keep(log: Path) -> None:
    """Leave the worker's log where it can be read afterwards."""
    if log.exists():
        kept = Settings().data_dir
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, kept / "demo-worker.log")


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """While things are ended, which is bounded in time, no signal cuts in."""
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
