"""The local stack as a whole: starts Kafka and Valkey, remembers them, ends exactly them.

Not for servers that somebody else runs: those are named by VOXPOP_KAFKA and VOXPOP_REDIS.
"""

import fcntl
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local import kafka, valkey
from deploy.local.errors import PortTakenError, StackError
from deploy.local.jars import fetch_jars
from deploy.local.processes import LOCALHOST, ServerProcess, is_free
from deploy.local.progress import Progress, silent

PORT_TRIES = 3
STOP_S = {kafka.NAME: kafka.STOP_S, valkey.NAME: valkey.STOP_S}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers listen.

    Attributes:
        kafka: `host:port`, for VOXPOP_KAFKA.
        redis: URL, for VOXPOP_REDIS.
    """

    kafka: str
    redis: str


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server of the stack, running or not.

    Attributes:
        name: `kafka` or `valkey`.
        address: as in `Endpoints`; None if it was never started.
        pid: process id while it runs, else None.
        log: its log file.
    """

    name: str
    address: str | None
    pid: int | None
    log: Path


class LocalStack:
    """One Kafka and one Valkey whose data, logs and state lie in one folder.

    Args:
        data_dir: the folder; made when it is missing. Another folder is another stack.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute()
        self._state = self._folder / "stack.json"

    def start(self, progress: Progress = silent) -> Endpoints:
        """Have both servers running and ready; those that run already stay as they are.

        The ports of an earlier run are kept while they are free. When it fails or is interrupted,
        what this call started is gone again.

        Args:
            progress: told of every step.

        Raises:
            StackError: a server cannot be fetched or does not become ready.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._exclusive():
            known = self._read()
            before = {name for name, server in known.items() if server.is_alive()}
            try:
                self._start_missing(known, progress)
            except BaseException:
                self._stop({n: s for n, s in self._read().items() if n not in before})
                raise
            return _endpoints(self._read())

    def stop(self) -> list[str]:
        """End the servers of this stack; their data stays.

        Returns:
            Names of the servers that were running.

        Raises:
            StackError: one of them does not end.
        """
        if not self._folder.exists():
            return []
        with self._exclusive():
            running = {n: s for n, s in self._read().items() if s.is_alive()}
            self._stop(running)
            return sorted(running)

    def status(self) -> list[ServerStatus]:
        """Each server, running or not."""
        known = self._read()
        return [self._status(name, known.get(name)) for name in (kafka.NAME, valkey.NAME)]

    def _status(self, name: str, server: ServerProcess | None) -> ServerStatus:
        return ServerStatus(
            name=name,
            address=_address(server) if server else None,
            pid=server.pid if server and server.is_alive() else None,
            log=self._folder / name / "server.log",
        )

    def _start_missing(self, known: dict[str, ServerProcess], progress: Progress) -> None:
        classpath = fetch_jars(progress)
        valkey_folder, kafka_folder = self._folder / valkey.NAME, self._folder / kafka.NAME
        self._start_one(
            known.get(valkey.NAME),
            lambda port: valkey.start_valkey(valkey_folder, port),
            lambda server: valkey.wait_for_valkey(server, valkey_folder),
            lambda done: progress("Starting Valkey", done, 1),
        )
        self._start_one(
            known.get(kafka.NAME),
            lambda port: kafka.start_kafka(kafka_folder, classpath, port),
            lambda server: kafka.wait_for_kafka(server, kafka_folder),
            lambda done: progress("Starting Kafka", done, 1),
        )

    def _start_one(
        self,
        known: ServerProcess | None,
        start: Callable[[int | None], ServerProcess],
        wait: Callable[[ServerProcess], None],
        report: Callable[[int], None],
    ) -> None:
        if known is not None and known.is_alive():
            wait(known)
            return
        report(0)
        # on a taken port somebody else would answer, and be taken for our server
        port = known.port if known and is_free(known.port) else None
        for attempt in range(PORT_TRIES):
            server = self._start_and_remember(start, port)
            try:
                wait(server)
            except PortTakenError:
                if attempt == PORT_TRIES - 1:
                    raise
                port = None
            else:
                break
        report(1)

    def _start_and_remember(
        self, start: Callable[[int | None], ServerProcess], port: int | None
    ) -> ServerProcess:
        """In a thread, where Ctrl-C cannot come between the start and its record."""

        def job() -> ServerProcess:
            server = start(port)
            self._remember(server)
            return server

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(job).result()

    def _stop(self, servers: dict[str, ServerProcess]) -> None:
        for name, server in servers.items():
            server.stop(STOP_S[name])

    def _read(self) -> dict[str, ServerProcess]:
        if not self._state.exists():
            return {}
        try:
            entries = json.loads(self._state.read_text())["servers"]
            return {entry["name"]: ServerProcess(**entry) for entry in entries}
        except (ValueError, TypeError, KeyError) as error:
            raise StackError(f"{self._state} is not readable ({error}): remove it") from error

    def _remember(self, server: ServerProcess) -> None:
        servers = {**self._read(), server.name: server}
        draft = self._state.with_suffix(".new")
        draft.write_text(json.dumps({"servers": [asdict(each) for each in servers.values()]}))
        draft.replace(self._state)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self._folder / "stack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _address(server: ServerProcess) -> str:
    address = f"{LOCALHOST}:{server.port}"
    return address if server.name == kafka.NAME else f"redis://{address}/0"


def _endpoints(servers: dict[str, ServerProcess]) -> Endpoints:
    return Endpoints(
        kafka=_address(servers[kafka.NAME]),
        redis=_address(servers[valkey.NAME]),
    )
