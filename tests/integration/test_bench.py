"""`voxpop bench`: the benchmarks run to their table; no speed is asserted."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.encoder import BASE, EAGER, SERVED

pytestmark = pytest.mark.integration


def bench(
    environment: Mapping[str, str], file: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app.cli.main", "bench", *arguments, "--json", str(file)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_the_engine_is_measured_for_each_window_and_batch(tmp_path: Path) -> None:
    done = bench({}, tmp_path / "engine.json", "engine", "--posts", "64", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "engine.json").read_text())
    measured = [(each["window"], each["batch"]) for each in figures["measurements"]]
    assert measured == [(8, 1), (8, 64), (32, 1), (32, 64)]
    assert all(each["posts_per_s"] > 0 for each in figures["measurements"])
    assert figures["model"] in done.stdout


def test_the_pipeline_is_set_beside_the_model_alone(
    tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    file = tmp_path / "pipeline.json"
    done = bench(settings_env, file, "pipeline", "--posts", "300", "--runs", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    (run,) = figures["runs"]
    assert run == figures["middle"]
    assert run["ratio"] == pytest.approx(run["pipeline"] / run["model_alone"], abs=0.01)
    assert "Kafka to Redis" in done.stdout


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
