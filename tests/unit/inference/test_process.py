"""The model in a process of its own says what it would say here, and never hangs a worker."""

import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from connectors.schemas.scoring import Features, WindowRequest
from models.engine import Engine
from models.errors import ModelError
from stream_app.core.windows import ConversationKey
from stream_app.inference.process import COMMAND, EngineProcess
from stream_app.settings import Settings
from tests.unit.models.small_networks import write_checkpoint

WIDTH = 384
A_WORKER = """
import sys, time
from pathlib import Path
from stream_app.inference.process import EngineProcess
from stream_app.settings import Settings
made = EngineProcess(Settings(model=Path(sys.argv[1]), device="cpu", threads=1, states_mib=8))
print(made.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = write_checkpoint(tmp_path_factory.mktemp("model"), "stream")
    return Settings(model=folder, device="cpu", threads=1, window=4, states_mib=8)


@pytest.fixture(scope="module")
def process(own_settings: Settings) -> Iterator[EngineProcess]:
    made = EngineProcess(own_settings)
    yield made
    made.close()


@pytest.fixture(scope="module")
def inside(own_settings: Settings) -> Engine:
    return own_settings.load_engine()


def posts(count: int, first: int = 0) -> list[Features]:
    return [
        {"text": np.random.default_rng(first + at).standard_normal((2, WIDTH)).astype(np.float32)}
        for at in range(count)
    ]


def asked(records: Sequence[bytes], name: str = "c") -> list[WindowRequest]:
    key = ConversationKey(0, name)
    return [WindowRequest(records[: end + 1], (end,), key) for end in range(len(records))]


def test_it_says_what_the_engine_says_in_this_process(
    process: EngineProcess, inside: Engine
) -> None:
    assert (process.version, process.stamp) == (inside.version, inside.stamp)
    assert (process.feature_set, process.device) == (inside.feature_set, inside.device)
    assert process.kind == type(inside).__name__
    records = inside.encode(posts(3))
    assert process.encode(posts(3)) == records
    before = process.kept
    scores = process.score(asked(records))
    assert scores == inside.score(asked(records))
    assert process.kept.misses == before.misses + 1
    assert process.kept.hits == before.hits + 2
    assert process.kept.states == before.states + 1


def test_it_refuses_what_the_engine_refuses_in_its_words(process: EngineProcess) -> None:
    with pytest.raises(ModelError, match=r"^post 1 of the batch: text holds NaN or infinity$"):
        process.encode([*posts(1), {"text": np.full((1, WIDTH), np.nan, np.float32)}])
    with pytest.raises(ModelError, match="record of another model"):
        process.score([WindowRequest([b"another model"], (0,))])
    assert len(process.encode(posts(1))) == 1  # and goes on


def test_a_batch_beyond_the_memory_set_aside_makes_more(process: EngineProcess) -> None:
    many = [{"text": np.full((64, WIDTH), at % 7, np.float32)} for at in range(100)]
    assert len(process.encode(many)) == 100


def test_threads_that_encode_and_score_at_once_have_each_its_own_answer(
    process: EngineProcess, inside: Engine
) -> None:
    expected = [inside.encode(posts(3, 10 * turn)) for turn in range(8)]
    scores = [inside.score(asked(records, f"t{at}")) for at, records in enumerate(expected)]
    with ThreadPoolExecutor(4) as threads:
        encoded = [threads.submit(process.encode, posts(3, 10 * turn)) for turn in range(8)]
        scored = [
            threads.submit(process.score, asked(records, f"t{at}"))
            for at, records in enumerate(expected)
        ]
    assert [each.result() for each in encoded] == expected
    assert [each.result() for each in scored] == scores


def test_a_model_that_cannot_be_loaded_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ModelError, match=str(tmp_path / "nothing")):
        EngineProcess(Settings(model=tmp_path / "nothing"))
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_process_that_died_is_told_with_its_exit_code(own_settings: Settings) -> None:
    process = EngineProcess(own_settings)
    assert process.gone() is None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ModelError, match="exit code -9"):
        process.encode(posts(1))
    with pytest.raises(ModelError, match="exit code -9"):
        process.score([WindowRequest([b"a"], (0,))])
    assert "exit code -9" in (process.gone() or "")
    process.close()


def test_a_process_that_stands_still_dies_with_its_worker(own_settings: Settings) -> None:
    arguments = [sys.executable, "-c", A_WORKER, str(own_settings.model)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        model = psutil.Process(int(worker.stdout.readline()))
        model.suspend()
        worker.kill()
    try:
        model.wait(30)
    finally:
        if model.is_running():
            model.kill()


def test_a_process_that_starts_when_its_worker_is_gone_loads_nothing() -> None:
    grandparent = str(os.getppid())  # not the process that starts it
    done = subprocess.run(
        [*COMMAND, grandparent, str(logging.INFO), "0", "0"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("level", "said"), [(logging.INFO, 1), (logging.WARNING, 0)])
def test_it_logs_from_the_level_on_that_the_worker_logs_from(
    level: int,
    said: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(level)
    not_causal = write_checkpoint(tmp_path, "paper")
    EngineProcess(Settings(model=not_causal, device="cpu", threads=1)).close()
    assert capfd.readouterr().err.count("the network is not causal") == said


def test_no_module_of_the_folder_that_a_worker_runs_in_takes_the_place_of_another(
    own_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "random.py").write_text("raise RuntimeError('another random')")  # torch needs it
    monkeypatch.chdir(tmp_path)
    process = EngineProcess(own_settings)
    assert process.gone() is None
    process.close()


def test_a_process_that_cannot_be_started_leaves_no_descriptor_open(
    own_settings: Settings,
) -> None:
    before = psutil.Process().num_fds()
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            EngineProcess(own_settings, command=("/nothing/python",))
    gc.collect()
    assert psutil.Process().num_fds() <= before


def test_it_ends_when_it_is_closed_and_by_no_signal_that_reaches_the_worker_too(
    own_settings: Settings,
) -> None:
    process = EngineProcess(own_settings)
    for both_get in (signal.SIGINT, signal.SIGTERM):
        os.kill(process.pid, both_get)
    assert len(process.encode(posts(1))) == 1
    process.close()
    assert not psutil.pid_exists(process.pid)
