import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.calibration import TaskCalibration, apply
from models.evaluation.calibration import (
    fit_calibration,
    fit_temperature,
    fit_temperature_and_noise,
)
from models.evaluation.reliability import negative_log_likelihood
from models.training.corpus import NO_LABEL
from tests.unit.models.evaluation.judged_posts import drawn, judged


def logits_for(posts: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(posts, 3)) * 2


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_that_spoiled_the_logits_is_found(temperature: float) -> None:
    logits = logits_for(20_000)
    found = fit_temperature(logits * temperature, drawn(logits))
    assert found == pytest.approx(temperature, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_no_other_temperature_is_likelier(seed: int, other: float) -> None:
    logits = logits_for(200, seed)
    labels = drawn(logits, seed)
    found = TaskCalibration(temperature=fit_temperature(logits, labels))
    least = negative_log_likelihood(apply(logits, found), labels)
    loss = negative_log_likelihood(apply(logits, TaskCalibration(temperature=other)), labels)
    assert least <= loss + 1e-9


def test_logits_that_are_always_right_or_wrong_give_a_bounded_temperature() -> None:
    logits = np.eye(3)[[0, 1, 2]] * 9
    assert np.exp(-3) <= fit_temperature(logits, np.array([0, 1, 2])) < 1
    assert fit_temperature(logits, np.array([1, 2, 0])) == pytest.approx(np.exp(3))


def test_posts_without_a_label_do_not_count() -> None:
    logits = logits_for(300)
    labels = drawn(logits)
    labels[100:] = NO_LABEL
    assert fit_temperature(logits, labels) == fit_temperature(logits[:100], labels[:100])
    with pytest.raises(ValueError, match="at least one post with a label"):
        fit_temperature(logits, np.full(300, NO_LABEL))


def noisy(posts: int, share: float, seed: int = 0) -> NDArray[np.int64]:
    """Labels of twice `logits_for`, a share of them those of other posts instead."""
    generator = np.random.default_rng(seed + 1)
    labels = drawn(logits_for(posts, seed) * 2, seed)
    return np.where(generator.random(posts) < share, generator.permutation(labels), labels)


def test_noise_is_found_and_kept_where_labels_are_noisy() -> None:
    logits, labels = logits_for(4_000) * 2, noisy(4_000, 0.3)
    own = fit_temperature_and_noise(logits, labels)
    assert own.noise == pytest.approx(0.3, abs=0.07)
    assert own.temperature == pytest.approx(1.0, abs=0.15)
    assert own.shares == pytest.approx(np.bincount(labels) / 4_000)
    assert fit_calibration(judged([5] * 800, logits, labels)).sentiment == own
    assert fit_temperature(logits, labels) > 1.5


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(0, 0.9), st.floats(0, 0.6))
def test_no_other_noise_is_likelier(
    seed: int, temperature: float, noise: float, spoiled: float
) -> None:
    logits, labels = logits_for(200, seed), noisy(200, spoiled, seed)
    own = fit_temperature_and_noise(logits, labels)
    least = negative_log_likelihood(apply(logits, own), labels)
    other = TaskCalibration(temperature=temperature, noise=noise, shares=own.shares)
    assert least <= negative_log_likelihood(apply(logits, other), labels) + 1e-6


def test_noise_that_chance_alone_would_give_is_not_kept() -> None:
    logits = logits_for(1_000)
    found = fit_calibration(judged([5] * 200, logits, drawn(logits)))
    assert found.sentiment.noise == 0
    assert found.sentiment.temperature == pytest.approx(1.0, abs=0.15)


def test_too_few_conversations_give_a_temperature_alone_and_no_labels_nothing() -> None:
    found = fit_calibration(judged([50, 50], logits_for(100) * 2, noisy(100, 0.5)))
    assert found.sentiment.shares is None
    assert found.sentiment.temperature != 1.0
    assert found.emotion == TaskCalibration()
