import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import TaskCalibration, apply
from models.evaluation.reliability import (
    BINS,
    brier_score,
    calibration_error_by_chance,
    classwise_calibration_errors,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_curve,
)
from tests.unit.models.evaluation.judged_posts import drawn

PROBS = np.array([[0.9, 0.1], [0.8, 0.2], [0.8, 0.2], [0.4, 0.6]])
LABELS = np.array([0, 0, 1, 1])


def test_the_error_is_as_counted_by_hand() -> None:
    # confidence 0.9 alone (right), 0.8 twice (one right), 0.6 alone (right): three bins
    wanted = (1 * 0.1 + 2 * abs(0.8 - 0.5) + 1 * 0.4) / 4
    assert expected_calibration_error(PROBS, LABELS) == pytest.approx(wanted)
    # in one bin the mean confidence 0.775 meets the accuracy 0.75
    assert expected_calibration_error(PROBS, LABELS, bins=1) == pytest.approx(0.025)


def test_each_class_is_judged_by_its_own_probability() -> None:
    first, second = classwise_calibration_errors(PROBS, LABELS)
    assert first == pytest.approx((0.1 + 2 * 0.3 + 0.4) / 4)
    assert second == pytest.approx(first)


def test_a_probability_on_an_edge_belongs_to_the_bin_below() -> None:
    curve = reliability_curve(np.array([0.0, 0.5, 1.0]), np.array([False, True, True]), bins=2)
    assert [(each.lower, each.upper, each.posts) for each in curve] == [(0.0, 0.5, 2), (0.5, 1, 1)]
    assert [(each.probability, each.share) for each in curve] == [(0.25, 0.5), (1.0, 1.0)]


def test_a_bin_without_posts_has_no_share() -> None:
    empty = reliability_curve(np.array([0.01]), np.array([True]))[1:]
    assert len(empty) == BINS - 1
    assert all(each.share is None and each.probability is None for each in empty)


def test_proper_scores_are_as_counted_by_hand() -> None:
    assert brier_score(PROBS, LABELS) == pytest.approx(2 * (0.01 + 0.04 + 0.64 + 0.16) / 4)
    wanted = -np.log(0.9 * 0.8 * 0.2 * 0.6) / 4
    assert negative_log_likelihood(PROBS, LABELS) == pytest.approx(wanted)
    assert np.isfinite(negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_true_probabilities_are_as_far_off_as_chance_says(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(400, 3)) * 2
    probs = apply(logits, TaskCalibration())
    found = expected_calibration_error(probs, drawn(logits, seed))
    by_chance = calibration_error_by_chance(probs)
    assert by_chance / 3 < found < by_chance * 2.5
    overconfident = apply(logits, TaskCalibration(temperature=0.2))
    far = expected_calibration_error(overconfident, drawn(logits, seed))
    assert far > 2 * calibration_error_by_chance(overconfident)
