"""The demonstration ends clean, whatever happens to its worker or to itself."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from stream_app.demo.phrases import SWINGING, TROUBLES

pytestmark = pytest.mark.integration

FIGURES = {
    "posts_sent",
    "posts_valid",
    "posts_scored",
    "posts_dead_lettered",
    "posts_counted",
    "lost",
    "double_counted",
    "posts_per_s",
    "latency_ms",
    "worker_restarts",
}


# what opinion that turns over does to labels: one sentiment and one emotion are told at a time
SWUNG = {
    *((name, "up") for name in ("negative", "angry", "sad", "disgust", "fear")),
    *((name, "down") for name in ("positive", "happy", "surprise")),
}


class Demo:
    """A `voxpop demo` with servers of its own in a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.figures = folder / "figures.json"
        self.output = folder / "output"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("VOXPOP_")}
        environment |= {"VOXPOP_DATA_DIR": str(folder / "data"), "TMPDIR": str(folder)}
        environment["VOXPOP_SESSION_TIMEOUT_S"] = "6"  # a killed worker is missed sooner
        command = [sys.executable, "-m", "stream_app.cli.main", "demo", "--json"]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, str(self.figures), *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def wait_for(self, line: str, within_s: float = 90) -> None:
        deadline = time.monotonic() + within_s
        while line not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        return self.output.read_text()

    def worker_pid(self) -> int:
        """The process of the worker, among those that the demonstration started."""
        children = psutil.Process(self.process.pid).children()
        return next(child.pid for child in children if "faust" in " ".join(child.cmdline()))

    def remains(self) -> list[str]:
        """Processes and files that are still there."""
        processes = [
            " ".join(process.info["cmdline"])
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in part for part in process.info["cmdline"] or [])
            and process.pid != self.process.pid
        ]
        return processes + [str(path) for path in self.folder.glob("voxpop-demo-*")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def start_demo(*options: str) -> Demo:
        started.append(Demo(tmp_path, *options))
        return started[-1]

    yield start_demo
    for demo in started:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(60)


def test_a_killed_worker_is_started_again_and_no_post_is_lost(
    start: Callable[..., Demo],
) -> None:
    demo = start("--seconds", "12", "--rate", "30")
    demo.wait_for(" 5 s: ")
    os.kill(demo.worker_pid(), signal.SIGKILL)
    assert demo.process.wait(120) == 0, demo.said()
    figures = json.loads(demo.figures.read_text())
    assert set(figures) == FIGURES
    assert (figures["lost"], figures["double_counted"]) == (0, 0)
    assert figures["posts_counted"] == figures["posts_valid"] == figures["posts_scored"]
    assert figures["posts_dead_lettered"] == figures["posts_sent"] - figures["posts_valid"]
    assert figures["worker_restarts"] >= 1
    assert demo.remains() == []


@pytest.mark.timeout(600)  # two minutes; beside other tests all of it takes longer
def test_a_swing_is_told_by_an_alert_that_says_what_moved_and_why(
    start: Callable[..., Demo],
) -> None:
    """The first minute is what is usual, the second one brings the swing: no shorter will do."""
    demo = start("--rate", "40")
    demo.wait_for(f"alert: {SWINGING}: ", within_s=240)
    url = next(own for own in demo.said().split() if own.startswith("http://"))
    with httpx.Client(base_url=f"{url}/api/v1", timeout=150) as api:
        alert = api.get("/alerts", params={"track": SWINGING}).json()["alerts"][-1]
        assert f"alert: {alert['summary']}" in demo.said()
        assert (alert["label"], alert["direction"]) in SWUNG
        assert abs(alert["observed"] - alert["expected"]) > 0.08
        evidence = alert["evidence"]
        assert sum(part["carried"] for part in evidence["platforms"]) == pytest.approx(1.0)
        assert evidence["words_counted"]["source"] == "posts"
        assert evidence["words_counted"]["posts"] > 100
        assert evidence["words"][0]["word"] in " ".join(TROUBLES).split()
        # of a label that fell there may be none: those kept are from before
        assert {post["label"] for post in evidence["posts"]} <= {alert["label"]}
        examples = api.get(f"/exemplars/{SWINGING}").json()["exemplars"]
        shown = [post["post_id"] for post in [*evidence["posts"], *examples]]
        explained = first_explanation(api, shown, alert["kind"])
    assert explained["words"]
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0, demo.said()
    assert json.loads(demo.figures.read_text())["lost"] == 0


def first_explanation(
    api: httpx.Client, post_ids: list[str], task: str, within_s: float = 240
) -> Any:
    """Of the first post that is explained: others may have made place for newer ones meanwhile."""
    deadline = time.monotonic() + within_s
    answers = []
    while time.monotonic() < deadline:
        for post_id in post_ids:
            query = {"post_id": post_id, "task": task}
            answers.append(api.get(f"/explanations/{SWINGING}", params=query))
            if answers[-1].status_code == 200:
                return answers[-1].json()
    raise AssertionError([answer.text for answer in answers[-5:]])


def test_ctrl_c_ends_the_playing_and_judges_what_was_played(start: Callable[..., Demo]) -> None:
    demo = start("--rate", "30")
    demo.wait_for(" sent, ")
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0, demo.said()
    assert json.loads(demo.figures.read_text())["lost"] == 0
    assert demo.remains() == []


@pytest.mark.parametrize(
    ("step", "number", "code"),
    [("Starting Kafka 0/1", signal.SIGINT, 130), ("Encoding texts 0/", signal.SIGTERM, 143)],
)
def test_a_signal_while_things_start_leaves_nothing_behind(
    start: Callable[..., Demo], step: str, number: signal.Signals, code: int
) -> None:
    demo = start()
    demo.wait_for(step)
    demo.process.send_signal(number)
    assert demo.process.wait(60) == code, demo.said()
    assert demo.remains() == []
