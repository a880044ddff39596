"""One peer's process: started, watched and ended, with all that it started itself."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.peers.job import Job
from deploy.local.processes import log_tail
from stream_app.trial.worker_process import worker_environment

STOP_S: Final = 10.0
_REASON_LINES: Final = 3


class PeerStoppedError(Exception):
    """A peer ended or stands still; says how."""


class PeerProcess:
    """A peer at work.

    Args:
        child: the process, leader of its own group.
        log: what it says.
    """

    def __init__(self, child: "subprocess.Popen[bytes]", log: Path) -> None:
        self._child = child
        self._log = log

    def require_alive(self) -> None:
        """Do nothing while it runs.

        Raises:
            PeerStoppedError: it ended by itself.
        """
        code = self._child.poll()
        if code is not None:
            raise PeerStoppedError(f"it ended with {code}: {in_a_line(self._log)}")

    def stop(self) -> None:
        """End it: politely, after a while by force, and with it what it left running."""
        if self._child.poll() is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()


def in_a_line(log: Path) -> str:
    """The end of a log."""
    return " / ".join(log_tail(log, _REASON_LINES).splitlines()) or "it said nothing"


@contextlib.contextmanager
def running_peer(name: str, job: Job, folder: Path) -> Iterator[PeerProcess]:
    """A peer at work while the body runs.

    Args:
        name: of its module.
        job: what it is to do.
        folder: made here; it runs in it and its log lies there.
    """
    folder.mkdir(parents=True)
    log = folder / "peer.log"
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "benchmarks.peers", name, "--form", job.form],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=worker_environment(job.environment()),
            start_new_session=True,
        )
    process = PeerProcess(child, log)
    try:
        yield process
    finally:
        process.stop()
