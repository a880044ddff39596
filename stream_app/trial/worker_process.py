"""One real worker, `faust -A stream_app.app worker -l info`, started again whenever it ends.

Not for scaling out: it shows that a worker may die at any moment.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from connectors.kafka.connection import KafkaConnection
from deploy.local.processes import log_tail
from stream_app.exits import ExitCode
from stream_app.logs import readable

APP: Final = "stream_app.app"
COMMAND: Final = ("worker", "-l", "info")
CHECK_S: Final = 0.25
RESTARTS_BEFORE_READY: Final = 3
STOP_S: Final = 20.0
REASON_LINES: Final = 4


class WorkerFailedError(Exception):
    """The worker does not start; the message holds the end of its log."""


class WorkerProcess:
    """A worker under supervision.

    Args:
        environment: of the process.
        folder: where it runs and where its log lies.
        app: module of the Faust app.

    Attributes:
        restarts: how often it had to be started again.
        log: what it said, all its lives.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, app: str = APP) -> None:
        self.restarts = 0
        self.log = folder / "worker.log"
        self._environment = dict(environment)
        self._folder = folder
        self._app = app
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the running worker."""
        return self._child.pid if self._child and self._child.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._child.poll() if self._child else None

    @property
    def _refused(self) -> bool:
        """Whether it ended since something is missing, which starting again does not mend."""
        return self.exit_code == ExitCode.NOT_READY

    def start(self) -> None:
        """Start it; Ctrl-C in the terminal does not reach it, `stop` does."""
        faust = Path(sys.executable).with_name("faust")
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [faust, "-A", self._app, *COMMAND],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )

    async def supervise(self) -> None:
        """Start it again whenever it ends, unless it refuses to run; until cancelled."""
        while True:
            if self.pid is None and not self._refused:
                self.restarts += 1
                self.start()
            await asyncio.sleep(CHECK_S)

    async def wait_until_ready(
        self, connection: KafkaConnection, group: str, within_s: float
    ) -> None:
        """Return when the worker's group stands.

        Raises:
            WorkerFailedError: it does not in time, or the worker keeps ending.
        """
        admin = AIOKafkaAdminClient(**connection.client_options())
        await admin.start()
        try:
            async with asyncio.timeout(within_s):
                while not await _stable(admin, group):
                    if self._refused or self.restarts >= RESTARTS_BEFORE_READY:
                        raise self._failure("the worker ends at its start")
                    await asyncio.sleep(CHECK_S)
        except TimeoutError:
            raise self._failure(f"the worker is not ready after {within_s:.0f} s") from None
        finally:
            await admin.close()

    def stop(self) -> None:
        """End it: politely, after a while by force."""
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _failure(self, what: str) -> WorkerFailedError:
        tail = "\n".join(map(readable, log_tail(self.log, REASON_LINES).splitlines()))
        return WorkerFailedError(f"{what}; the end of its log:\n{tail}")


def worker_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the run's settings in it.

    Nothing is shed unless the run says so: every post is judged.
    """
    return {**os.environ, "VOXPOP_SHED": "1", **settings}


async def _stable(admin: AIOKafkaAdminClient, group: str) -> bool:
    try:
        answers = await admin.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:
        return False  # the first group of a new cluster
    return any(
        state == "Stable" and members
        for answer in answers
        for _, _, state, _, _, members, *_ in answer.groups
    )
