"""The workers of a run and their supervisor, which starts again whatever ends.

Not for a single process: that is `stream_app.trial.worker_process`.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from stream_app.trial.worker_process import WorkerProcess, worker_environment
from tests.chaos.points import FOLDER

APP: Final = "tests.chaos.worker"
ROOT: Final = Path(__file__).resolve().parents[2]
CHECK_S: Final = 0.1
BACK_OFF_S: Final = 0.5
STOP_WITHIN_S: Final = 10.0


@dataclass(slots=True)
class Member:
    """A worker under supervision.

    Attributes:
        wanted: False once it is to stay away.
        counted: whether the exit it had last is in the crew's list.
    """

    name: str
    process: WorkerProcess
    wanted: bool = True
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """How a worker ended when it was asked to.

    Attributes:
        seconds: it took.
        code: its exit code; None: it had to be killed.
    """

    name: str
    seconds: float
    code: int | None

    @property
    def clean(self) -> bool:
        """Whether it ended by itself and in time: in order, or before it had begun anything."""
        return self.code in {0, -signal.SIGTERM} and self.seconds <= STOP_WITHIN_S


@dataclass
class Crew:
    """Workers with one environment.

    Args:
        environment: the settings of the run.
        folder: each worker gets a folder in it.

    Attributes:
        exits: how often a worker ended with which code, the polite stops left out.
        stops: the polite stops.
    """

    environment: Mapping[str, str]
    folder: Path
    members: dict[str, Member] = field(default_factory=dict)
    exits: Counter[int] = field(default_factory=Counter)
    stops: list[Stop] = field(default_factory=list)

    def join(self) -> Member:
        """Start one more worker."""
        name = f"worker-{len(self.members) + 1}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        environment = worker_environment(
            {
                **self.environment,
                "VOXPOP_DATA_DIR": str(folder),
                "PYTHONPATH": str(ROOT),
            }
        )
        member = Member(name, WorkerProcess(environment, folder, APP))
        member.process.start()
        self.members[name] = member
        return member

    def running(self) -> list[Member]:
        """Workers whose process is there, a frozen one included."""
        return [m for m in self.members.values() if m.wanted and m.process.pid is not None]

    def pids(self) -> list[int]:
        """Process ids of those."""
        return [pid for member in self.running() if (pid := member.process.pid) is not None]

    async def supervise(self) -> None:
        """Start a worker again a moment after it ended, whatever its exit code; until cancelled."""
        while True:
            for member in self.members.values():
                if member.wanted and member.process.pid is None:
                    self._tend(member)
            await asyncio.sleep(CHECK_S)

    def _tend(self, member: Member) -> None:
        now_s = time.monotonic()
        if member.ended_s is None:
            member.ended_s = now_s
            self.exits[member.process.exit_code or 0] += 1
        elif now_s - member.ended_s > BACK_OFF_S:
            member.ended_s = None
            member.process.start()

    async def stop(self, member: Member) -> Stop:
        """Ask a worker to end and wait for it; it stays away."""
        member.wanted = False
        began_s = time.monotonic()
        pid = member.process.pid
        if pid is None:
            return Stop(member.name, 0.0, member.process.exit_code)
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        while member.process.pid is not None and time.monotonic() - began_s < STOP_WITHIN_S:
            await asyncio.sleep(CHECK_S)
        seconds = time.monotonic() - began_s
        code = member.process.exit_code
        if code is None:
            os.kill(pid, signal.SIGKILL)
            while member.process.pid is not None:
                await asyncio.sleep(CHECK_S)
        stop = Stop(member.name, round(seconds, 1), code)
        self.stops.append(stop)
        return stop

    def dismiss(self, member: Member) -> None:
        """Kill a worker; it stays away."""
        member.wanted = False
        if member.process.pid is not None:
            os.kill(member.process.pid, signal.SIGKILL)

    def come_back(self, member: Member) -> None:
        """Start a worker again that was stopped."""
        member.ended_s = None
        member.wanted = True
        member.process.start()

    async def stop_all(self) -> None:
        """Ask every worker to end."""
        await asyncio.gather(*(self.stop(member) for member in self.running()))

    def left(self) -> list[int]:
        """Process ids of whatever has the environment of the run: workers and their models."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(FOLDER) == self.environment[FOLDER]:
                    found.append(process.pid)
        return found

    def end(self) -> None:
        """End whatever still runs, at once."""
        for pid in self.left():
            with contextlib.suppress(ProcessLookupError):  # it went with its worker
                os.kill(pid, signal.SIGKILL)
