"""`voxpop bench`: the benchmarks run to their table; no speed is asserted."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from benchmarks.candidates import CHOSEN, PLAIN
from benchmarks.encoder import BASE, EAGER, SERVED
from benchmarks.engine import BATCHES, GPU_BATCHES, ON_GPU, REFERENCE
from benchmarks.engine import EAGER as STREAM_EAGER
from benchmarks.reading import RECORD_BYTES
from benchmarks.record_readers import READERS
from benchmarks.verify import ALONE, SHARED
from benchmarks.window_lengths import WINDOWS
from models.device import why_no_gpu
from tests.unit.models.training.toy import write_csv

pytestmark = pytest.mark.integration


def bench(
    environment: Mapping[str, str], file: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream_app.cli.main", "bench", *arguments]
    with subprocess.Popen(
        [*command, "--json", str(file)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            output, errors = running.communicate(timeout=150)
        except subprocess.TimeoutExpired:
            running.terminate()  # not killed: it ends the servers and workers that it started
            raise
    return subprocess.CompletedProcess(command, running.returncode, output, errors)


def test_every_engine_is_measured_for_each_batch(tmp_path: Path) -> None:
    done = bench({}, tmp_path / "engine.json", "engine", "--posts", "64", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "engine.json").read_text())
    measured = {(each["engine"], each["batch"]) for each in figures["measurements"]}
    assert len(measured) == len(figures["measurements"])
    on_cpu = {batch for engine, batch in measured if engine != ON_GPU}
    assert on_cpu == set(BATCHES)
    assert {(REFERENCE, 64), (STREAM_EAGER, 64), ("stream, int8", 64)} <= measured
    assert all(each["both"] > 0 for each in figures["measurements"])
    assert figures["model"] in done.stdout
    on_gpu = {batch for engine, batch in measured if engine == ON_GPU}
    assert on_gpu == (set() if why_no_gpu() else set(GPU_BATCHES))
    assert figures["no_gpu"] == why_no_gpu()
    assert ("no GPU here" in done.stdout) == (why_no_gpu() is not None)


def test_all_systems_are_timed_and_where_there_is_no_gpu_their_ratio_is_left_out(
    tmp_path: Path,
) -> None:
    file = tmp_path / "acceleration.json"
    done = bench({}, file, "acceleration", "--posts", "12", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    assert [row["system"] for row in figures["rows"]] == ["TMSAM", "MSA", "ABSA", "LSTM"]
    assert figures["posts"] == 12
    for row in figures["rows"]:
        for own in (row["training"], row["inference"]):
            assert own["cpu"]["seconds"] > 0
            assert (own["ratio"] is None) == (own["gpu"] is None) == (why_no_gpu() is not None)
    assert ("no GPU here" in done.stdout) == (why_no_gpu() is not None)


def test_counting_again_is_measured_by_one_process_and_by_several(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "verify.json"
    done = bench(settings_env, file, "verify", "--predictions", "1600", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    assert [each["way"] for each in figures["measurements"]] == [ALONE, SHARED]
    assert all(each["per_s"] > 0 for each in figures["measurements"])


def test_the_api_is_measured_under_each_load(tmp_path: Path) -> None:
    arguments = "--readers", "5", "--seconds", "1", "--tracks", "20"
    done = bench({}, tmp_path / "api.json", "api", *arguments)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "api.json").read_text())
    measured = figures["measurements"]
    assert [each["readers"] for each in measured] == [1, 1, 1, 5, 5]
    for each in measured:
        assert each["failed"] == 0
        assert 0 < each["latency_ms"]["p50"] <= each["latency_ms"]["p99"]
    assert "posts/s counted meanwhile" in done.stdout
    overview = figures["overview"]
    assert [each["taken"]["readers"] for each in overview] == [1, 1, 5]
    for each in overview:
        assert (each["tracks"], each["taken"]["failed"]) == (20, 0)
        assert each["taken"]["latency_ms"]["p50"] > 0
        assert each["cpu_ms"] > 0
    assert "Overview of an hour" in done.stdout


def test_the_pipeline_is_set_beside_the_model_alone(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "pipeline.json"
    done = bench(settings_env, file, "pipeline", "--posts", "600", "--runs", "1", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    assert figures["runs"] == figures["middle"]
    assert [run["workers"] for run in figures["runs"]] == [1, 2]
    for run in figures["runs"]:
        assert run["ratio"] == pytest.approx(run["pipeline"] / run["model_alone"], abs=0.01)
        assert run["beside_producer"] > 0
        for load in run["paced"].values():
            assert 0 < load["latency"]["p50"] <= load["latency"]["p99"]
            assert load["stages"]["ms"]["infer"] > 0
        half, half_beside, _ = (load["rate"] for load in run["paced"].values())
        assert half == pytest.approx(run["pipeline"] / 2, abs=0.1)
        assert half_beside == pytest.approx(run["beside_producer"] / 2, abs=0.1)
        assert run["stages"]["posts"] > 0
    assert "median" in done.stdout


def test_extraction_is_set_beside_the_encoder_alone(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "extraction.json"
    few = ("--posts", "1200", "--runs", "1", "--pictures-every", "100")
    done = bench(settings_env, file, "extraction", *few)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(file.read_text())["runs"]
    assert run["posts_per_s"] > 0
    assert run["encoder_ms"] > 0
    assert sum(run["cpu_ms"].values()) > 0
    assert "encoder alone" in done.stdout
    assert "2 s to one picture in 100" in done.stdout


def test_a_crashed_worker_goes_on_with_the_same_scores(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "growth.json"
    few = ("--conversations", "64", "--posts-each", "4", "--crashes", "1")
    done = bench(settings_env, file, "growth", *few)
    assert done.returncode == 0, done.stderr
    (growth,) = json.loads(file.read_text())["growth"]
    assert growth["conversations"] == 64
    assert growth["redis_bytes"] > 4 * 400
    assert len(growth["ready_s"]) == 1
    assert growth["furthest"] < 1e-3


def test_every_post_of_a_soak_is_counted_once(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "soak.json"
    done = bench(settings_env, file, "soak", "--rate", "50", "--minutes", "0.2")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    assert figures["samples"][-1]["sent"] == figures["samples"][-1]["counted"] > 500
    assert figures["restarts"] == 0


def test_every_reader_reads_every_size(tmp_path: Path, settings_env: Mapping[str, str]) -> None:
    file = tmp_path / "reading.json"
    done = bench(settings_env, file, "reading", "--records", "2000", "--runs", "1")
    assert done.returncode == 0, done.stderr
    readings = json.loads(file.read_text())["readings"]
    places = [(each["record_bytes"], each["reader"]) for each in readings]
    assert places == list(itertools.product(RECORD_BYTES, READERS))
    assert all(each["cpu_us"] > 0 for each in readings)


def test_candidates_agree_and_what_cannot_be_compiled_is_said(tmp_path: Path) -> None:
    file = tmp_path / "candidates.json"
    few = ("--posts", "256", "--runs", "1")
    done = bench({"CXX": "no-such-compiler"}, file, "candidates", *few)
    assert done.returncode == 0, done.stderr
    assert "nothing compiled: no C++ compiler 'no-such-compiler'" in done.stdout
    candidates = json.loads(file.read_text())["candidates"]
    chosen = {each["batch"]: each["score"] for each in candidates if each["name"] == CHOSEN}
    assert list(chosen) == [64, 256]
    assert {PLAIN, "bfloat16, torch"} < {each["name"] for each in candidates}
    for each in candidates:
        assert each["ratio"] == pytest.approx(each["score"] / chosen[each["batch"]], abs=1e-3)
        assert (each["furthest"] == 0.0) == (each["name"] == PLAIN)
        assert each["furthest"] < 0.02


def test_longer_windows_take_more_memory(tmp_path: Path) -> None:
    file = tmp_path / "windows.json"
    done = bench({}, file, "windows", "--posts", "64", "--runs", "1")
    assert done.returncode == 0, done.stderr
    lengths = json.loads(file.read_text())["lengths"]
    assert [each["window"] for each in lengths] == list(WINDOWS)
    for memory in ("state_bytes", "redis_bytes"):
        sizes = [each[memory] for each in lengths]
        assert sizes == sorted(sizes)


def test_the_served_encoder_is_set_beside_the_published_one(tmp_path: Path) -> None:
    file = tmp_path / "encoder.json"
    done = bench({}, file, "encoder", "--posts", "64", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    measured = figures["measurements"]
    assert [each["encoder"] for each in measured] == [SERVED, BASE, EAGER]
    assert measured[1]["ratio"] == 1.0
    assert min(figures["network_bytes"], *(each["file_bytes"] for each in measured)) > 1e6
    assert figures["encoder"] in done.stdout


def test_every_engine_is_held_to_the_reference_on_labelled_posts(tmp_path: Path) -> None:
    rows = [
        [split, "0", str(number), f"what a day, number {number}", sentiment, emotion]
        for split in ("train", "dev", "test")
        for number, (sentiment, emotion) in enumerate(
            [("positive", "happy"), ("negative", "angry"), ("neutral", "neutral")] * 2
        )
    ]
    columns = ["split", "dialogue_id", "utterance_id", "text", "sentiment", "emotion"]
    meld = write_csv(tmp_path / "meld.csv", columns, rows)
    file, cache = tmp_path / "accuracy.json", tmp_path / "cache"
    done = bench(
        {},
        file,
        *("accuracy", "--data", f"meld={meld}", "--cache", str(cache)),
        *("--window", "32", "--window", "4"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["rows"]
    assert [row["split"] for row in found] == sorted(row["split"] for row in found)
    for split in ("dev", "test"):
        own = [row for row in found if row["split"] == split]
        assert own[0]["engine"] == REFERENCE
        assert own[0]["agree"] == 1.0
        assert {row["window"] for row in own} == {32, 4}
        assert all(row["furthest"] < 0.05 for row in own if row["window"] == 32)


def test_a_benchmark_that_is_ended_leaves_no_server_behind(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VOXPOP_KAFKA", "VOXPOP_REDIS"}
    }
    command = [sys.executable, "-m", "stream_app.cli.main", "bench", "pipeline", "--posts", "20"]
    with (tmp_path / "said").open("w") as said:
        run = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    own = psutil.Process(run.pid)
    servers: list[psutil.Process] = []
    deadline = time.monotonic() + 120
    while len(servers) < 2 and time.monotonic() < deadline:
        assert run.poll() is None, (tmp_path / "said").read_text()
        servers = own.children(recursive=True)
        time.sleep(0.05)
    run.terminate()
    assert run.wait(60) == 128 + signal.SIGTERM
    assert servers
    _, left = psutil.wait_procs(servers, timeout=30)
    assert not left


def test_a_load_is_measured_and_simulated_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / "capacity.json"
    page = tmp_path / "page.md"
    page.write_text("<!-- judgement: `…` -->\n<!-- end of judgement -->\n")
    few = ("--loads", "1", "--posts", "2000", "--page", str(page))
    done = bench({"VOXPOP_KAFKA": "", "VOXPOP_REDIS": ""}, file, "capacity", *few)
    assert done.returncode == 0, done.stderr
    (pair,) = json.loads(file.read_text())["pairs"]
    real, simulated = pair["measured"], pair["simulated"]
    assert pair["load"]["batch_max"] == 32
    assert 1 <= real["pieces"] <= real["batch"] <= 32
    assert simulated["batch"] <= 32
    assert set(real["core_ms"]) == set(simulated["core_ms"]) | {"producer and watcher"}
    assert all(used > 0 for used in real["core_ms"].values())
    assert pair["rate_error"] == pytest.approx(simulated["rate"] / real["rate"] - 1)
    assert pair["load"]["name"] in page.read_text()
