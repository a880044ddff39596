"""A worker and its model are kept on a core each, where that can be and helps."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

import stream_app.affinity as kept
from models.streaming.engine import StreamEngine
from stream_app import scoring_role
from stream_app.affinity import allowed_cores, keep_apart, two_cores
from stream_app.metrics import Metrics
from stream_app.scoring_role import KEPT_KIND, ScoringRole
from stream_app.settings import Settings
from stream_app.trial.workers import worker_process

MODEL = """
import sys, threading
wait = threading.Event().wait
threads = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
[thread.start() for thread in threads]
print(flush=True)
sys.stdin.read()
"""


def masks(process: int) -> set[frozenset[int]]:
    found = set()
    for thread in psutil.Process(process).threads():
        with contextlib.suppress(ProcessLookupError):
            found.add(frozenset(os.sched_getaffinity(thread.id)))
    return found


@pytest.fixture
def cores() -> Iterator[tuple[int, int]]:
    """Two cores of this process, which has all of its own again afterwards."""
    allowed = allowed_cores()
    found = two_cores(allowed)
    if found is None:
        pytest.skip("threads can be kept on no two cores here")
    yield found
    for thread in psutil.Process().threads():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, allowed)


@pytest.fixture
def model() -> Iterator[int]:
    """A process with four threads, as a child of this one."""
    command = [sys.executable, "-c", MODEL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid


def test_every_thread_of_worker_and_model_has_its_core(cores: tuple[int, int], model: int) -> None:
    let_go = threading.Event()
    other = threading.Thread(target=let_go.wait)
    other.start()
    try:
        keep_apart(model)
        assert masks(os.getpid()) == {frozenset({cores[0]})}
        assert masks(model) == {frozenset({cores[1]})}
    finally:
        let_go.set()
        other.join()


def test_where_the_system_refuses_all_stays_as_it_was(
    cores: tuple[int, int],
    model: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = masks(os.getpid()), masks(model)
    real = os.sched_setaffinity

    def refusing(thread: int, wanted: set[int]) -> None:
        if wanted == {cores[1]}:
            raise PermissionError("a sandbox")
        real(thread, wanted)

    monkeypatch.setattr(os, "sched_setaffinity", refusing)
    with caplog.at_level(logging.WARNING):
        keep_apart(model)
    assert (masks(os.getpid()), masks(model)) == before
    assert "the system refuses it: a sandbox" in caplog.text


def test_with_one_core_nothing_is_kept(
    cores: tuple[int, int],
    model: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    del cores
    before = masks(os.getpid()), masks(model)
    monkeypatch.setattr(kept, "two_cores", lambda _allowed: None)
    with caplog.at_level(logging.WARNING):
        keep_apart(model)
    assert (masks(os.getpid()), masks(model)) == before
    assert "it takes two cores" in caplog.text


@pytest.mark.parametrize(
    ("allowed", "siblings", "found"),
    [
        ({0, 1, 2, 3}, "0-1", (0, 2)),
        ({0, 1, 2, 3}, "0,2", (0, 1)),
        ({0, 1}, "0-1", None),
        ({0, 5}, None, (0, 5)),
        ({0}, None, None),
        (set(), None, None),
    ],
)
def test_two_halves_of_one_core_are_not_two(
    allowed: set[int], siblings: str | None, found: tuple[int, int] | None, tmp_path: Path
) -> None:
    if siblings is not None:
        topology = tmp_path / "cpu0" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{siblings}\n")
    assert two_cores(allowed, tmp_path) == found


def told(**of: Any) -> Any:
    """What a model's process tells of itself."""
    return SimpleNamespace(
        **{
            "kind": KEPT_KIND,
            "device": "cpu",
            "pid": 4711,
            "gone": lambda: None,
            "version": "a@1",
            "feature_set": "a@1",
            "state_bytes": None,
            "close": lambda: None,
            **of,
        }
    )


def test_the_engine_that_may_be_kept_is_that_of_one_step_a_post() -> None:
    assert StreamEngine.__name__ == KEPT_KIND


@pytest.mark.parametrize(
    ("settings", "engine", "pids"),
    [
        ({"affinity": "apart"}, {}, [4711]),
        ({"affinity": "apart", "threads": 1}, {}, [4711]),
        ({"affinity": "free"}, {}, []),
        ({"affinity": "apart", "threads": 2}, {}, []),
        ({"affinity": "apart"}, {"kind": "WindowEngine"}, []),
        ({"affinity": "apart"}, {"device": "cuda"}, []),
    ],
)
async def test_a_worker_keeps_what_needs_one_core_alone(
    settings: dict[str, Any],
    engine: dict[str, Any],
    pids: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = Settings().model_copy(update={"threads": None, **settings})
    found: list[int] = []
    monkeypatch.setattr(scoring_role, "keep_apart", found.append)
    monkeypatch.setattr(scoring_role, "_load_engine", lambda _settings: told(**engine))
    role = ScoringRole(given, Metrics())

    async def nothing() -> None:
        """Do without Kafka."""

    monkeypatch.setattr(role._outputs, "start", nothing)
    monkeypatch.setattr(role._outputs, "stop", nothing)
    monkeypatch.setattr(role, "_tell_of", lambda _engine: None)
    await role.start()
    await role.stop()
    assert found == pids


def test_workers_of_a_trial_are_given_it(tmp_path: Path) -> None:
    settings = Settings().model_copy(update={"affinity": "apart"})
    worker = worker_process(settings, tmp_path / "worker")
    assert worker._environment["VOXPOP_AFFINITY"] == "apart"
