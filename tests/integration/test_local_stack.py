"""The local stack: starts, keeps, and ends exactly its own processes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import LocalStack, StackError
from deploy.local.processes import ServerProcess, free_ports, start_server, wait_until_ready

pytestmark = pytest.mark.integration


def pids_in(folder: Path) -> list[int]:
    """Processes whose command names the folder."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in part for part in process.info["cmdline"] or [])
    ]


def test_what_runs_already_stays_and_stop_leaves_nothing(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path)
    try:
        first = stack.start()
        pids = [server.pid for server in stack.status()]
        assert None not in pids
        assert LocalStack(tmp_path).start() == first
        assert [server.pid for server in stack.status()] == pids
        assert stack.stop() == ["kafka", "valkey"]
        assert pids_in(tmp_path) == []
        assert [server.pid for server in stack.status()] == [None, None]
        assert stack.stop() == []
    finally:
        stack.stop()


def test_stack_up_prints_the_environment_and_survives_its_shell(tmp_path: Path) -> None:
    def stack(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stream_app.cli.main", "stack", command],
            env={**os.environ, "VOXPOP_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )

    try:
        up = stack("up")
        kafka, redis = up.stdout.splitlines()
        assert re.fullmatch(r"VOXPOP_KAFKA=127\.0\.0\.1:\d+", kafka)
        assert re.fullmatch(r"VOXPOP_REDIS=redis://127\.0\.0\.1:\d+/0", redis)
        assert "Starting Kafka" in up.stderr
        assert stack("up").stdout == up.stdout
        assert stack("status").returncode == 0
        assert stack("down").stdout == "ended kafka and valkey\n"
        assert stack("status").returncode == 1
        assert pids_in(tmp_path) == []
    finally:
        LocalStack(tmp_path).stop()


@pytest.fixture
def heard_interrupts() -> Iterator[None]:
    """SIGINT is KeyboardInterrupt, also where tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_interrupts")
def test_an_interrupted_start_leaves_no_process(tmp_path: Path) -> None:
    def interrupt(step: str, done: int, total: int) -> None:
        del total
        if (step, done) == ("Starting Kafka", 0):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        LocalStack(tmp_path).start(interrupt)
    assert pids_in(tmp_path) == []


def test_a_process_that_got_the_pid_of_a_dead_server_is_left_alone(tmp_path: Path) -> None:
    """The state file names this test's own pid with another start time."""
    other = ServerProcess("valkey", os.getpid(), started=1.0, port=1)
    entry = {"name": other.name, "pid": other.pid, "started": other.started, "port": other.port}
    (tmp_path / "stack.json").write_text(json.dumps({"servers": [entry]}))
    assert LocalStack(tmp_path).stop() == []


def test_a_server_of_somebody_else_on_the_port_of_an_earlier_run_is_not_taken_for_ours(
    tmp_path: Path,
) -> None:
    theirs, ours = LocalStack(tmp_path / "theirs"), LocalStack(tmp_path / "ours")
    try:
        taken = theirs.start()
        port = int(re.sub(r".*:(\d+)/0", r"\1", taken.redis))
        entry = {"name": "valkey", "pid": os.getpid(), "started": 1.0, "port": port}
        (tmp_path / "ours").mkdir()
        (tmp_path / "ours" / "stack.json").write_text(json.dumps({"servers": [entry]}))
        assert ours.start().redis != taken.redis
        assert None not in [server.pid for server in ours.status()]
    finally:
        ours.stop()
        theirs.stop()


def test_a_server_that_ends_at_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    command = ["/bin/sh", "-c", "echo the reason why; exit 3"]
    server = start_server("shell", command, free_ports(1)[0], log)
    with pytest.raises(StackError, match="the reason why"):
        wait_until_ready(server, lambda _port: False, log, deadline_s=10)
