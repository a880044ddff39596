"""A worker's figures tell what became of posts and how long it took, under lasting names."""

import subprocess
import sys
from dataclasses import replace

import pytest

from connectors.schemas.rejection import Reason
from connectors.trends.sink import Applied
from stream_app.core.outcome import Rejected, Shed
from stream_app.inference.wire import Kept
from stream_app.metrics import Metrics
from tests.conftest import PredictionMaker


def figure(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"voxpop_{name}", labels)


def test_a_stage_is_measured_even_when_it_fails() -> None:
    metrics = Metrics()
    with metrics.stage("infer"):
        pass
    with pytest.raises(ValueError, match="broken"), metrics.stage("infer"):
        raise ValueError("broken")
    assert figure(metrics, "stage_seconds_count", stage="infer") == 2
    assert (figure(metrics, "stage_seconds_sum", stage="infer") or -1) >= 0
    assert figure(metrics, "stage_seconds_count", stage="fix") is None


def test_posts_are_told_by_outcome_and_reason(predict: PredictionMaker) -> None:
    metrics = Metrics()
    bad = Rejected(Reason.BAD_TENSOR, "", 0.0)
    metrics.concluded([predict(0, ["a"], 0.0), bad, bad], replayed=False)
    metrics.concluded([Rejected(Reason.POISON, "", 0.0)], replayed=True)
    metrics.concluded([Shed(4)] * 3, replayed=False)
    assert figure(metrics, "posts_total", outcome="predicted", reason="") == 1
    assert figure(metrics, "posts_total", outcome="rejected", reason="bad_tensor") == 2
    assert figure(metrics, "posts_total", outcome="rejected", reason="poison") == 1
    assert figure(metrics, "posts_total", outcome="shed", reason="") == 3
    assert figure(metrics, "replayed_posts_total") == 1


def test_what_redis_made_of_a_batch_is_added_up() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.counted(Applied(counted=3, skipped=2, late=1))
    metrics.redis_failed(TimeoutError())
    totals = [figure(metrics, f"{name}_total") for name in ("counted_entries", "fence_skips")]
    assert totals == [6, 4]
    assert figure(metrics, "late_counts_total") == 2
    assert figure(metrics, "redis_errors_total", kind="TimeoutError") == 1


def test_the_lag_of_partitions_that_were_taken_away_is_not_told() -> None:
    metrics = Metrics()
    metrics.lag({0: 5, 1: 7})
    metrics.unstable({1: 9})
    assert figure(metrics, "partition_unstable_posts", partition="1") == 9
    assert figure(metrics, "partition_lag_posts", partition="1") == 7
    metrics.revoked()
    metrics.lag({0: 3})
    assert figure(metrics, "partition_lag_posts", partition="0") == 3
    assert figure(metrics, "partition_lag_posts", partition="1") is None
    assert figure(metrics, "partition_unstable_posts", partition="1") is None


def test_the_model_says_which_it_is_and_its_hot_store_what_it_holds() -> None:
    metrics = Metrics()
    kept = Kept(hits=9, misses=4, evictions=2, states=3)
    metrics.model("StreamEngine", "m-1", "default@1")
    metrics.hot_store(100, lambda: kept)
    kept = replace(kept, hits=10)
    about = {"version": "m-1", "feature_set": "default@1", "engine": "StreamEngine"}
    assert figure(metrics, "model_info", **about) == 1
    assert figure(metrics, "hot_store_hits_total") == 10
    assert figure(metrics, "hot_store_evictions_total") == 2
    assert figure(metrics, "hot_store_bytes") == 300


def test_the_memory_of_the_models_process_is_told_beside_the_workers_own() -> None:
    metrics = Metrics()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        metrics.model_process(child.pid)
        own = metrics.registry.get_sample_value("process_resident_memory_bytes")
        models = figure(metrics, "model_process_resident_memory_bytes")
    assert own
    assert models
    assert models != own


def test_windows_found_and_read_are_told_apart() -> None:
    metrics = Metrics()
    metrics.windows_read(wanted=10, missing=3)
    metrics.windows_let_go(2)
    names = ("window_hits_total", "window_misses_total", "window_evictions_total")
    assert [figure(metrics, name) for name in names] == [7, 3, 2]
