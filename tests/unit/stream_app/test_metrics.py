"""A worker's histograms tell how long stages took, and are served where a port is given."""

import socket
import urllib.request

import pytest

from stream_app.metrics import Metrics


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_stage_is_measured_even_when_it_fails() -> None:
    metrics = Metrics()
    with metrics.stage("infer"):
        pass
    with pytest.raises(ValueError, match="broken"), metrics.stage("infer"):
        raise ValueError("broken")
    name, infer = "voxpop_stage_seconds", {"stage": "infer"}
    assert metrics.registry.get_sample_value(f"{name}_count", infer) == 2
    assert (metrics.registry.get_sample_value(f"{name}_sum", infer) or -1) >= 0
    assert metrics.registry.get_sample_value(f"{name}_count", {"stage": "fix"}) is None


def test_what_is_measured_is_served() -> None:
    metrics, port = Metrics(), free_port()
    metrics.batch(12, waited_s=0.004)
    metrics.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        told = answer.read().decode()
    assert "voxpop_batch_posts_sum 12.0" in told
    assert 'voxpop_stage_seconds_bucket{le="0.005",stage="wait"} 1.0' in told
