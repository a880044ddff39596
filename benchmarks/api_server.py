"""`voxpop serve` as operators run it, for benchmarks of the HTTP API, and the CPU time it took."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psutil

END_WITHIN_S: Final = 10
UNLIMITED: Final = "1e9"


class ServerFailedError(Exception):
    """The server did not come up."""


@dataclass(frozen=True, slots=True)
class ApiServerProcess:
    """A server at work.

    Attributes:
        url: where it answers.
        pid: of its process.
    """

    url: str
    pid: int

    @property
    def cpu_s(self) -> float:
        """CPU time that it took so far, all its threads together."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def api_server(redis_url: str) -> Iterator[ApiServerProcess]:
    """A server that is a process of its own, and answers.

    Args:
        redis_url: of a Redis or Valkey.

    Raises:
        ServerFailedError: it does not come up.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOXPOP_")}
    command = [sys.executable, "-m", "stream_app.cli.main", "serve", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env={**kept, "VOXPOP_REDIS": redis_url, "VOXPOP_API_REQUESTS_PER_S": UNLIMITED},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        _, found, url = said.strip().partition("Voxpop is at ")
        if not found:
            raise ServerFailedError(f"`voxpop serve` ended with exit code {process.wait()}")
        yield ApiServerProcess(url, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
