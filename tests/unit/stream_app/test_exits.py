"""A worker that must end does so, whether it can say why or not."""

import resource
import subprocess
import sys
from pathlib import Path

from stream_app.exits import ExitCode

ENDING = """
import logging
import resource
from stream_app.exits import ExitCode, leave

logging.basicConfig()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, hard))
try:
    leave(ExitCode.FENCED, "another worker fixed these offsets")
finally:
    print("went on")
"""


def ended(tmp_path: Path, most: int) -> tuple[int, str]:
    """Exit code and log of a process whose files may grow to a size."""
    log = tmp_path / "log"
    with log.open("wb") as output:
        code = subprocess.run(
            [sys.executable, "-c", ENDING.format(most=most)],
            stdout=output,
            stderr=output,
            check=False,
        ).returncode
    return code, log.read_text()


def test_it_says_why(tmp_path: Path) -> None:
    code, said = ended(tmp_path, resource.RLIM_INFINITY)
    assert code == ExitCode.FENCED
    assert "another worker fixed these offsets" in said


def test_on_a_full_disk_it_ends_all_the_same(tmp_path: Path) -> None:
    assert ended(tmp_path, 0) == (ExitCode.FENCED, "")


def test_a_process_that_was_stopped_does_not_wait_for_a_server_for_ever() -> None:
    waits = "import threading; from stream_app.exits import end_within; end_within(0.05, 0); "
    ended = subprocess.run(
        [sys.executable, "-c", f"{waits}threading.Event().wait()"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 0
    assert "connections are not closed" in ended.stderr
