"""A worker and its model are kept on a core each, where there are two."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from stream_app import affinity, scoring_role
from stream_app.affinity import keep_apart
from stream_app.settings import Settings

MODEL = """
import sys, threading
wait = threading.Event().wait
threads = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
[thread.start() for thread in threads]
print(flush=True)
sys.stdin.read()
"""


def cores_of(process: int) -> list[set[int]]:
    return [os.sched_getaffinity(thread.id) for thread in psutil.Process(process).threads()]


@pytest.fixture
def cores() -> Iterator[list[int]]:
    """The cores of this process, which it has again afterwards."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(found) < 2:
        pytest.skip("threads can be kept on no two cores here")
    yield found
    for thread in psutil.Process().threads():
        os.sched_setaffinity(thread.id, found)


@pytest.fixture
def model() -> Iterator[int]:
    """A process with four threads, as a child of this one."""
    command = [sys.executable, "-c", MODEL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid


def test_every_thread_of_worker_and_model_has_its_core(cores: list[int], model: int) -> None:
    let_go = threading.Event()
    other = threading.Thread(target=let_go.wait)
    other.start()
    try:
        keep_apart(model)
        assert cores_of(os.getpid()) == [{cores[0]}] * psutil.Process().num_threads()
        assert cores_of(model) == [{cores[1]}] * 4
    finally:
        let_go.set()
        other.join()


def test_with_one_core_nothing_is_kept(
    model: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(affinity, "_cores", lambda: [3])
    before = psutil.Process(model).cpu_affinity()
    with caplog.at_level(logging.WARNING):
        keep_apart(model)
    assert psutil.Process(model).cpu_affinity() == before
    assert "may use core 3 alone" in caplog.text


@pytest.mark.parametrize(("affinity", "threads"), [("apart", 1), ("free", None)])
def test_a_model_that_is_kept_on_a_core_has_one_thread(
    affinity: str, threads: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Settings] = []
    monkeypatch.setattr(scoring_role, "EngineProcess", asked.append)
    scoring_role._load_engine(Settings().model_copy(update={"affinity": affinity}))
    assert [settings.threads for settings in asked] == [threads]
