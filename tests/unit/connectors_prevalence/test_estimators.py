"""The three methods: on the simplex, exact without confusion, unbiased under prior shift."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.prevalence.errors import (
    EmptyWindowError,
    IndistinguishableError,
    MissingClassError,
    PrevalenceError,
    ShapeError,
)
from connectors.prevalence.estimators import (
    METHODS,
    Method,
    adjusted_count,
    estimate,
    expectation_maximisation,
    probabilistic_adjusted_count,
)
from connectors.prevalence.fit import QuantifierFit, fit_quantifier
from connectors.prevalence.posts import LabelledPosts, Window
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts, join

FIT = fit_quantifier(draw_posts(PRIOR, 6000, seed=1), LABELS, "model-1", prior=PRIOR.tolist())
counts = st.lists(st.integers(0, 1000), min_size=3, max_size=3).filter(any)


def perfect_fit() -> QuantifierFit:
    truth = np.repeat([0, 1, 2], 40)
    numbers = np.arange(len(truth))
    posts = LabelledPosts(truth, np.eye(3)[truth], np.full(len(truth), "t"), numbers)
    return fit_quantifier(posts, LABELS, "perfect")


@given(counts)
def test_shares_lie_on_the_simplex_whatever_was_counted(counted: list[int]) -> None:
    for shares in (adjusted_count(FIT, counted), probabilistic_adjusted_count(FIT, counted)):
        assert (shares >= 0).all()
        assert shares.sum() == pytest.approx(1)


@given(st.integers(0, 2**31), st.integers(1, 50))
def test_maximised_shares_lie_on_the_simplex_whatever_the_posteriors(seed: int, posts: int) -> None:
    posteriors = np.random.default_rng(seed).dirichlet([0.2, 0.2, 0.2], posts)
    shares = expectation_maximisation(FIT, posteriors)
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1)


@given(counts)
def test_a_classifier_that_confuses_nothing_is_not_corrected(counted: list[int]) -> None:
    posteriors = np.eye(3)[np.repeat([0, 1, 2], counted)]
    window, fit = Window.of(posteriors), perfect_fit()
    for method in METHODS:
        shares = estimate(fit, window, method)
        np.testing.assert_allclose(shares, np.array(counted) / sum(counted), atol=1e-9)


@pytest.mark.parametrize("truth", [[0.7, 0.2, 0.1], [0.05, 0.15, 0.8], [1 / 3, 1 / 3, 1 / 3]])
@pytest.mark.parametrize("method", METHODS[2:])
def test_a_shift_of_shares_is_recovered_where_raw_shares_miss_it(
    method: Method, truth: list[float]
) -> None:
    wanted = np.array(truth)
    window = Window.of(draw_posts(wanted, 4000, seed=2).posteriors)
    estimates = {name: estimate(FIT, window, name) for name in METHODS}
    errors = {name: np.abs(shares - wanted).max() for name, shares in estimates.items()}
    assert errors[method] < 0.05
    assert errors[method] < errors["counts"]
    assert errors[method] < errors["probabilities"]


def test_exact_rates_are_inverted_exactly() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    summed = shares @ FIT.soft_rates * 1000
    np.testing.assert_allclose(probabilistic_adjusted_count(FIT, summed), shares, atol=1e-9)


def test_classes_that_get_the_same_answers_are_named() -> None:
    posts = draw_posts(PRIOR, 900, seed=4)
    others = posts.where(posts.truth > 0)
    each_as_both = [replace(others, truth=np.full(len(others), label)) for label in (1, 2)]
    blind = join([posts.where(posts.truth == 0), *each_as_both])
    fit = fit_quantifier(blind, LABELS, "blind")
    with pytest.raises(IndistinguishableError, match="does not tell neutral, positive apart"):
        adjusted_count(fit, [1, 1, 1])
    with pytest.raises(IndistinguishableError, match="neutral, positive"):
        probabilistic_adjusted_count(fit, [1.0, 1.0, 1.0])


def test_a_window_without_posts_has_no_shares() -> None:
    with pytest.raises(EmptyWindowError):
        adjusted_count(FIT, [0, 0, 0])
    with pytest.raises(EmptyWindowError):
        expectation_maximisation(FIT, np.empty((0, 3)))
    with pytest.raises(EmptyWindowError):
        Window.of(np.empty((0, 3)))


@pytest.mark.parametrize("counted", [[1, 2], [1, 2, 3, 4], [-1, 2, 3]])
def test_counts_of_other_classes_are_refused(counted: list[int]) -> None:
    with pytest.raises(ShapeError):
        adjusted_count(FIT, counted)


def test_logits_are_refused_as_posteriors() -> None:
    with pytest.raises(ShapeError, match="not logits"):
        Window.of(np.array([[2.0, 1.0, 3.0]]))


def test_maximisation_without_posteriors_says_what_to_use() -> None:
    window = Window(np.array([1, 2, 3]), np.array([1.5, 2.0, 2.5]))
    with pytest.raises(PrevalenceError, match="use probabilistic_adjusted_count"):
        estimate(FIT, window, "expectation_maximisation")


def test_a_class_without_validation_posts_is_named() -> None:
    posts = draw_posts(PRIOR, 500, seed=5)
    with pytest.raises(MissingClassError, match="positive"):
        fit_quantifier(posts.where(posts.truth < 2), LABELS, "model-1")
