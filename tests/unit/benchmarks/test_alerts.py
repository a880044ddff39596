"""Alerts are judged by what was planted; the detector is better than sigmas on a small stream."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.alerts.judging import detection, judge
from benchmarks.alerts.playing import play
from benchmarks.alerts.plot import draw
from benchmarks.alerts.run import Figures, RuleRow, ShiftRow
from benchmarks.alerts.streams import EVENT_S, NOISES, Kind, Planted, Streams
from connectors.alerts.detector import Kind as Measure
from connectors.alerts.detector import Shift
from connectors.alerts.lifecycle import Raised
from connectors.alerts.panel import POSTS
from connectors.alerts.policy import AlertPolicy

CALM, USUAL, _ = NOISES
QUIET = Kind("daily", 300.0, USUAL, Planted("nothing", 0.0))
BURST = Kind("daily", 300.0, CALM, Planted("volume", 5.0))
SWING = Kind("none", 3000.0, CALM, Planted("opinion", 0.3))


def raised(track: int, at: int, kind: Measure) -> Raised:
    return Raised(str(track), at, Shift(kind, "up", None, 5, 9, 9.0, 3.0, 2.0, 4.0, 0.0, 0.0))


def test_an_alert_is_true_while_what_it_tells_of_goes_on() -> None:
    events = [np.array([1000, 1000])]
    judged = judge(
        [
            raised(0, 1300, "volume"),  # nothing was planted there
            raised(1, 900, "volume"),  # before it
            raised(1, 1600, "volume"),
            raised(1, 1700, "volume"),  # again
            raised(1, 1500, "emotion"),  # of what did not move
            raised(1, 1000 + EVENT_S + 60, "volume"),  # late, neither true nor false
        ],
        events,
        [QUIET, BURST],
    )
    assert judged.false == (QUIET, BURST, BURST)
    assert [found.delay_s for found in judged.found] == [600]
    assert detection(judged.found).delay_min == pytest.approx(10.0)


def test_what_is_told_too_late_is_not_found() -> None:
    judged = judge([raised(0, EVENT_S + 60, "volume")], [np.array([0])], [BURST])
    assert detection(judged.found).share == 0.0
    assert not judged.false


def test_shifts_are_as_large_as_they_are_said_to_be() -> None:
    kinds = (BURST, QUIET)
    calm = Streams(5, kinds).day(0, 3600)[:, :, POSTS]
    events = np.full(2, Streams(5, kinds).draw_events(0).min() // 3600 * 3600)
    moved = Streams(5, kinds).day(0, 3600, events)[:, :, POSTS]
    ratio = moved.sum(axis=1) / calm.sum(axis=1)
    hour = int(events[0] % 86400 // 3600)
    assert moved[hour : hour + 3, 0].sum() > 4 * calm[hour : hour + 3, 0].sum()
    assert ratio[hour + 4 :].max() < 1.6


def test_large_shifts_are_told_soon_and_quiet_tracks_are_left_alone() -> None:
    kinds = (BURST, SWING, QUIET, QUIET)
    ours, plain = play(8, 1, (3.0,), AlertPolicy(), lambda _: None, kinds)
    assert detection(ours.found).share == 1.0
    assert (detection(ours.found).delay_min or 0) < 15
    assert 5 * len(ours.false) < len(plain[3.0].false)


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    found = detection(judge([], [np.array([0])], [BURST]).found)
    figures = Figures(
        tracks=1,
        days=1,
        aimed_false_a_day=1.0,
        equal_sigmas=9.0,
        rules=[RuleRow("Voxpop", 0.5, {"daily": 0.5}, {"calm": 0.5}, {"calm": 0.5}, found)],
        shifts=[
            ShiftRow("volume", 2.0, 30.0, {"Voxpop": found}),
            ShiftRow("opinion", 0.1, 30.0, {"Voxpop": found}),
        ],
    )
    draw(figures, tmp_path / "alerts.png")
    assert (tmp_path / "alerts.png").read_bytes().startswith(b"\x89PNG")
