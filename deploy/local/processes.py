"""Server processes of the local stack: started on their own, remembered by pid and start time.

Not for workers: those belong to whoever starts them.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.errors import PortTakenError, StackError

LOCALHOST = "127.0.0.1"
LOG_TAIL_LINES = 15
SAME_START_S = 2.0  # a clock correction moves the reported start time a little
PORT_TAKEN = ("Address already in use", "BindException")


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that was started, as the state file remembers it.

    Attributes:
        name: `kafka` or `valkey`.
        pid: process id.
        started: Unix seconds; with it a pid that was given to another program is told apart.
        port: where it listens, on 127.0.0.1.
    """

    name: str
    pid: int
    started: float
    port: int

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return self._process() is not None

    def stop(self, grace_s: float) -> None:
        """End the process: politely, and after `grace_s` seconds by force. Gone: nothing to do.

        Raises:
            StackError: it does not end even so.
        """
        process = self._process()
        if process is None:
            return
        try:
            process.terminate()
            process.wait(grace_s)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            process.kill()
            self._wait_after_kill(process)

    def _wait_after_kill(self, process: psutil.Process) -> None:
        try:
            process.wait(10)
        except psutil.TimeoutExpired as error:
            raise StackError(f"{self.name} (pid {self.pid}) does not end") from error

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_S
            ended = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same and not ended else None


def start_server(name: str, argv: Sequence[str], port: int, log: Path) -> ServerProcess:
    """Start a server that outlives the shell it was started from.

    Args:
        name: for messages and the state file.
        argv: the command.
        port: where it will listen.
        log: its output, written anew.

    Raises:
        StackError: the program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(  # noqa: S603 - our own command, no shell
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                start_new_session=True,
            )
        except OSError as error:
            raise StackError(f"cannot run {argv[0]}: {error}; run `make install`") from error
    return ServerProcess(name, child.pid, psutil.Process(child.pid).create_time(), port)


def wait_until_ready(
    server: ServerProcess, answers: Callable[[int], bool], log: Path, deadline_s: float
) -> None:
    """Return when the server answers.

    Args:
        server: the process.
        answers: asked with the port, whether the server is ready; never raises.
        log: shown in part when it does not become ready.
        deadline_s: seconds from now.

    Raises:
        PortTakenError: it ended because its port was taken.
        StackError: it ended, or does not answer in time; with the tail of its log.
    """
    deadline = time.monotonic() + deadline_s
    while not answers(server.port):
        if not server.is_alive():
            tail = log_tail(log)
            if any(sign in tail for sign in PORT_TAKEN):
                raise PortTakenError(f"port {server.port} of {server.name} is taken")
            raise StackError(f"{server.name} ended at start; the end of {log}:\n{tail}")
        if time.monotonic() > deadline:
            raise StackError(
                f"{server.name} does not answer on port {server.port} within {deadline_s:.0f} s; "
                f"the end of {log}:\n{log_tail(log)}"
            )
        time.sleep(0.05)


def log_tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a log; empty when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing uses now, all different."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOCALHOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on a port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            candidate.bind((LOCALHOST, port))
        except OSError:
            return False
        return True


def ask(port: int, request: bytes, answer_bytes: int) -> bytes:
    """Send a request to a port of 127.0.0.1 and read the first bytes of the answer.

    Returns:
        Up to `answer_bytes` bytes; nothing when nobody answers within a second.
    """
    try:
        with socket.create_connection((LOCALHOST, port), timeout=1.0) as connection:
            connection.sendall(request)
            return connection.recv(answer_bytes)
    except OSError:
        return b""
