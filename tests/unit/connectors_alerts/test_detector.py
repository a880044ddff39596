"""Large shifts are found, with their size; what does not move is left alone."""

import numpy as np
import pytest

from connectors.alerts.baseline import learn
from connectors.alerts.detector import KINDS, Look, Shift, look
from connectors.alerts.panel import FIRST_LABEL, POSTS, SCORED, SQUARES
from connectors.alerts.policy import AlertPolicy
from tests.unit.connectors_alerts.panels import POLICY, drawn, panel_of, run_on

RATES = (600.0, 600.0, 600.0, 60.0)
NOTHING = np.zeros((len(RATES), len(KINDS)), bool)


def looked(
    posts: tuple[float, ...], negative: tuple[float, ...] = (0.25,) * 4, *, steps: int = 30
) -> Look:
    panel, random = panel_of(RATES)
    baseline = learn(panel, POLICY)
    run_on(panel, random, posts, steps=steps, negative=negative)
    return look(panel, baseline, POLICY, NOTHING)


def only(found: Look) -> tuple[tuple[int, int], Shift]:
    assert len(found.shifts) == 1
    return next(iter(found.shifts.items()))


def test_tracks_that_go_on_as_usual_raise_nothing() -> None:
    found = looked(RATES)
    assert not found.shifts
    assert (found.p_values > 0.001).all()


def test_three_times_the_posts_are_told_with_their_ratio() -> None:
    (track, kind), shift = only(looked((600.0, 1800.0, 600.0, 60.0)))
    assert (track, KINDS[kind], shift.direction, shift.label) == (1, "volume", "up", None)
    assert 2.5 < shift.observed / shift.expected < 3.5
    assert 1.5 < shift.low < shift.observed / shift.expected < shift.high
    assert shift.q_value <= POLICY.level
    assert shift.posts == shift.observed


def test_a_silence_is_told() -> None:
    (track, kind), shift = only(looked((600.0, 600.0, 0.0, 60.0), steps=60))
    assert (track, KINDS[kind], shift.direction, shift.observed) == (2, "volume", "down", 0)


def test_a_swing_of_opinion_is_told_with_its_difference() -> None:
    found = looked(RATES, (0.55, 0.25, 0.25, 0.25))
    (track, kind), shift = only(found)
    assert (track, KINDS[kind]) == (0, "sentiment")
    assert (shift.label, shift.direction) in {
        ("sentiment:negative", "up"), ("sentiment:positive", "down"),
    }  # fmt: skip
    assert shift.expected == pytest.approx(0.25 if shift.direction == "up" else 0.30, abs=0.03)
    assert -1 <= shift.low < shift.observed - shift.expected < shift.high <= 1
    assert shift.low * shift.high > 0


def test_a_sure_shift_that_is_too_small_is_left_alone() -> None:
    found = looked((720.0, 600.0, 600.0, 60.0), steps=60)
    assert not found.shifts


def test_a_share_of_too_few_posts_is_left_alone() -> None:
    panel, random = panel_of((600.0,))
    baseline = learn(panel, POLICY)
    panel.push(drawn(random, [POLICY.min_posts - 15.0], 0.99))
    for _ in range(59):
        panel.push(drawn(random, [0.0]))
    found = look(panel, baseline, POLICY, np.array([[True, False, False]]))
    assert not found.shifts


def test_a_young_track_raises_nothing() -> None:
    panel, random = panel_of((600.0,), days=1)
    for start in range(panel.end - 24 * 3600, panel.end - 6 * 3600, 3600):
        panel.put_block(0, start, [0] * panel.last_blocks(1).shape[2])
    baseline = learn(panel, POLICY)
    run_on(panel, random, (6000.0,), steps=30)
    assert not look(panel, baseline, POLICY, NOTHING[:1]).shifts


def test_what_is_under_way_is_not_found_again_and_lets_nothing_else_in() -> None:
    panel, random = panel_of(RATES)
    baseline = learn(panel, POLICY)
    run_on(panel, random, (3000.0, 600.0, 600.0, 60.0), steps=30)
    under_way = NOTHING.copy()
    under_way[0, 0] = True
    found = look(panel, baseline, POLICY, under_way)
    assert not found.shifts
    assert found.p_values[0, 0] < POLICY.level


def test_posts_of_another_model_move_no_opinion() -> None:
    panel, random = panel_of((600.0,))
    baseline = learn(panel, POLICY)
    for _ in range(60):
        counts = drawn(random, [10.0], 0.9)
        counts[:, SCORED:] = 0
        panel.push(counts)
    found = look(panel, baseline, POLICY, NOTHING[:1])
    assert not found.shifts
    panel.forget_opinion(0)
    assert panel.last_steps(60)[:, :, SCORED:].sum() == 0
    assert panel.last_steps(60)[:, :, POSTS].sum() > 0
    assert not learn(panel, POLICY).opinion_ready.any()


def test_restless_opinion_needs_more_to_be_told() -> None:
    """The same swing, on a track whose share flickers by itself, is less sure."""
    sure = []
    for flicker in (0.0, 0.2):
        policy = AlertPolicy()
        random = np.random.default_rng(3)
        panel, _ = panel_of((600.0,), seed=4)
        for _ in range(policy.recent_steps):
            share = float(np.clip(0.25 + flicker * random.standard_normal(), 0.02, 0.9))
            panel.push(drawn(random, [10.0], share))
        baseline = learn(panel, policy)
        run_on(panel, random, (600.0,), steps=10, negative=0.6)
        sure.append(look(panel, baseline, policy, NOTHING[:1]).p_values[0, 1])
    assert sure[0] < 1e-3 * sure[1]


def test_labels_stand_where_the_detector_looks_for_them() -> None:
    counts = drawn(np.random.default_rng(0), [1000.0], 0.25)
    assert counts[0, FIRST_LABEL : FIRST_LABEL + 3].sum() == counts[0, POSTS]


def sampled(one_in: int, *, told: bool, seed: int, steps: int = 60) -> Look:
    """Twelve steady tracks, of which from now on one post in some is scored."""
    rates = (1200.0,) * 12
    panel, random = panel_of(rates, seed=seed)
    baseline = learn(panel, POLICY)
    for _ in range(steps):
        counts = one_in * drawn(random, [rate / 60 / one_in for rate in rates])
        counts[:, SQUARES] = (one_in - 1) * counts[:, POSTS] if told else 0
        panel.push(counts)
    return look(panel, baseline, POLICY, np.zeros((len(rates), len(KINDS)), bool))


def test_shedding_alone_raises_no_alert() -> None:
    for seed in range(3):
        found = sampled(16, told=True, seed=seed)
        assert not found.shifts
        assert (found.p_values > 0.001).all()
    assert any(sampled(16, told=False, seed=seed).shifts for seed in range(3))  # if nobody knew


def test_a_swing_is_found_in_what_was_scored() -> None:
    panel, random = panel_of((1200.0,) * 4)
    baseline = learn(panel, POLICY)
    for _ in range(60):
        counts = 4 * drawn(random, [5.0] * 4, [0.6, 0.25, 0.25, 0.25])
        counts[:, SQUARES] = 3 * counts[:, POSTS]
        panel.push(counts)
    found = look(panel, baseline, POLICY, np.zeros((4, len(KINDS)), bool))
    assert {track for track, _ in found.shifts} == {0}
