"""A worker is judged by its progress, and what stands still is named."""

import socket
import threading
import urllib.error
import urllib.request
from typing import Any

import orjson

from stream_app.health import LOOP_LATE_S, SILENT_FOR_S, STANDING_FOR_S, Health, Position
from stream_app.metrics import Metrics
from stream_app.status_server import StatusServer


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def running(clock: Clock) -> Health:
    health = Health(clock=clock)
    health.model_loaded("m-1")
    health.joined()
    health.answered("Kafka")
    health.answered("Redis")
    health.look({0: Position(5, 5)})
    return health


def test_a_worker_that_has_all_it_needs_is_ready_and_healthy() -> None:
    health = running(Clock())
    assert (health.ready().problems, health.healthy().problems) == ([], [])
    assert health.ready().partitions["0"] == {"done": 5, "end": 5, "lag": 0, "standing_s": 0.0}


def test_a_new_worker_is_healthy_but_not_ready() -> None:
    health = Health(clock=Clock())
    assert health.healthy().status == "ok"
    said = " ".join(health.ready().problems)
    assert all(what in said for what in ("model is being loaded", "Kafka", "Redis"))
    health.model_loaded("m-1")
    assert "has not given out partitions" in " ".join(health.ready().problems)


def test_a_worker_is_not_ready_while_a_partition_is_being_started_or_it_leaves() -> None:
    health = running(Clock())
    health.look({0: Position(5, 5), 3: Position(None, 9)})
    assert health.ready().problems == ["partition 3 is being started"]
    assert health.healthy().status == "ok"
    health.look({})
    assert health.ready().status == "ok", "a worker without partitions waits for its turn"
    health.leaving()
    assert health.ready().problems == ["the worker is leaving"]


def test_a_server_that_refuses_or_falls_silent_makes_it_unready_until_it_answers() -> None:
    clock = Clock()
    health = running(clock)
    health.failed("Redis", "ConnectionError: refused")
    assert health.ready().problems == ["Redis does not answer: ConnectionError: refused"]
    health.answered("Redis")
    assert health.ready().status == "ok"
    clock.now_s += SILENT_FOR_S
    health.look({})
    health.answered("Redis")
    assert health.ready().problems == ["Kafka has not answered yet, or not for 35 s"]


def test_a_partition_that_stands_still_with_posts_behind_it_is_named() -> None:
    clock = Clock()
    health = running(clock)
    for _ in range(int(STANDING_FOR_S) + 2):
        health.look({0: Position(5, 5), 1: Position(7, 90), 2: Position(int(clock.now_s), 10**6)})
        clock.now_s += 1
    assert health.healthy().problems == [
        "partition 1 has stood at offset 7 for 32 s, 83 posts behind"
    ]
    health.look({1: Position(8, 90)})
    assert health.healthy().status == "ok"


def test_a_partition_that_media_hold_back_is_no_reason_to_start_again() -> None:
    clock = Clock()
    health = running(clock)
    for _ in range(60):
        health.look({1: Position(7, 90, held_back=True)})
        clock.now_s += 1
    health.look({1: Position(7, 90)})
    assert health.healthy().status == "ok"
    for _ in range(31):
        health.look({1: Position(7, 90)})
        clock.now_s += 1
    assert health.healthy().status == "failing"


def test_a_partition_that_is_never_started_is_named_once_no_rebalance_takes_so_long() -> None:
    clock = Clock()
    health = Health(rebalance_s=14.0, clock=clock)
    for _ in range(3):
        health.look({0: Position(5, 5), 3: Position(None, 9)})
        assert health.healthy().problems == []
        clock.now_s += 15.0
        health.look({0: Position(5, 5), 3: Position(None, 9)})
    assert health.healthy().problems == ["partition 3 has been starting for 45 s"]
    health.look({3: Position(0, 9)})
    assert health.healthy().problems == []


def test_a_partition_that_was_idle_is_given_its_time_when_posts_come() -> None:
    clock = Clock()
    health = running(clock)
    clock.now_s += 100
    health.look({0: Position(5, 5)})
    health.look({0: Position(5, 6)})
    assert health.healthy().status == "ok"


def test_a_loop_that_stands_still_is_told_by_another_thread() -> None:
    clock = Clock()
    health = running(clock)
    clock.now_s += LOOP_LATE_S
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.extend(health.healthy().problems))
    thread.start()
    thread.join(10)
    assert told == ["the event loop has stood still for 2 s"]


def ask(port: int, path: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def test_metrics_and_verdicts_are_served() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    clock, metrics = Clock(), Metrics()
    health = running(clock)
    StatusServer(metrics.registry, health).start(port)
    metrics.batch(12, waited_s=0.004)
    status, kind, body = ask(port, "/metrics")
    assert (status, kind.startswith("text/plain")) == (200, True)
    assert b"voxpop_batch_posts_sum 12.0" in body
    assert b'voxpop_stage_seconds_bucket{le="0.005",stage="wait"} 1.0' in body
    assert b"voxpop_build_info{" in body
    assert ask(port, "/healthz")[0] == 200
    assert ask(port, "/readyz?verbose")[0] == 200
    clock.now_s += 60
    status, kind, body = ask(port, "/healthz")
    verdict: dict[str, Any] = orjson.loads(body)
    assert (status, kind, verdict["status"], verdict["model"]) == (
        503,
        "application/json",
        "failing",
        "m-1",
    )
    assert verdict["problems"] == ["the event loop has stood still for 60 s"]
    assert ask(port, "/healthzz")[0] == 404
