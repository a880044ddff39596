"""The demonstration as a command: its servers, its screen, its signals; nothing stays behind.

Not for what is played: that is `run`.
"""

import asyncio
import contextlib
import shutil
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from rich.console import Console
from rich.live import Live

from stream_app.cli.progress import drawn_progress
from stream_app.demo.report import Report
from stream_app.demo.run import DemoRun, RunOptions
from stream_app.demo.state import Moment
from stream_app.demo.view import line, screen
from stream_app.settings import Settings
from stream_app.trial.ending import end_on_sigterm
from stream_app.trial.failures import told_in_a_line
from stream_app.trial.servers import trial_servers

LINE_EVERY_S: Final = 5.0


def run_demo(options: RunOptions) -> Report:
    """Run the demonstration from the first server to the last.

    Raises:
        CliError: a server or the worker does not start, or was lost on the way.
        SystemExit: SIGTERM, or a second Ctrl-C.
    """
    end_on_sigterm()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell script may ignore it
    with (
        told_in_a_line(),
        TemporaryDirectory(prefix="voxpop-demo-") as folder,
        contextlib.ExitStack() as servers,
    ):
        with drawn_progress() as progress:
            settings = servers.enter_context(trial_servers(Path(folder), "demo", progress))
        return _run(settings, options, Path(folder))


def _run(settings: Settings, options: RunOptions, folder: Path) -> Report:
    with _Display() as display:
        run = DemoRun(settings, options, folder, display.progress, display.show)
        stopping = _Stopping(run)
        try:
            return asyncio.run(stopping.play())
        except asyncio.CancelledError:
            sys.exit(128 + stopping.signal)
        finally:
            end_on_sigterm()  # the loop has put the default back
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
        self._told = 0
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
            self._tell(moment)
            self._say(moment)
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(screen(moment), refresh=True)

    def _tell(self, moment: Moment) -> None:
        """Say at once what is said only once."""
        told = [f"dashboard: {moment.dashboard}", *(f"alert: {each}" for each in moment.alerts)]
        for each in told[self._told :]:
            self._console.print(each, highlight=False, soft_wrap=True)
        self._told = len(told)

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
