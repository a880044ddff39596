"""Intervals hold the truth as often as they say, and are wider the less is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from connectors.prevalence.estimators import METHODS, Method
from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.interval import Estimate, interval
from connectors.prevalence.posts import Window
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts

FIT = fit_quantifier(draw_posts(PRIOR, 3000, seed=1), LABELS, "m", prior=PRIOR.tolist())
SMALL_FIT = fit_quantifier(draw_posts(PRIOR, 150, seed=1), LABELS, "m", prior=PRIOR.tolist())
SHARES = np.array([0.5, 0.3, 0.2])
POSTERIORS = draw_posts(SHARES, 400, seed=2).posteriors


def width(found: Estimate) -> float:
    return float((found.high - found.low).mean())


@pytest.mark.parametrize("method", METHODS)
def test_bounds_hold_the_estimate_and_stay_within_shares(method: Method) -> None:
    for posts in (1, 7, 400):
        found = interval(FIT, Window.of(POSTERIORS[:posts]), method, draws=50)
        assert (found.low >= 0).all()
        assert (found.low <= found.shares).all()
        assert (found.shares <= found.high).all()
        assert (found.high <= 1 + 1e-9).all()


@pytest.mark.parametrize("method", METHODS)
def test_more_posts_give_a_narrower_interval(method: Method) -> None:
    few = interval(FIT, Window.of(POSTERIORS[:40]), method)
    assert width(interval(FIT, Window.of(POSTERIORS), method)) < 0.7 * width(few)


@pytest.mark.parametrize("method", ["adjusted_count", "probabilistic_adjusted_count"])
def test_fewer_validation_posts_give_a_wider_interval(method: Method) -> None:
    window = Window.of(POSTERIORS)
    assert width(interval(SMALL_FIT, window, method)) > 1.3 * width(interval(FIT, window, method))


def test_a_higher_level_gives_a_wider_interval_and_a_seed_the_same() -> None:
    window = Window.of(POSTERIORS)
    half, most = (interval(FIT, window, "adjusted_count", level=level) for level in (0.5, 0.95))
    assert width(most) > 1.5 * width(half)
    again = interval(FIT, window, "adjusted_count", level=0.95)
    np.testing.assert_array_equal(again.low, most.low)


def test_sums_alone_give_nearly_the_interval_of_the_posteriors() -> None:
    window = Window.of(POSTERIORS)
    method: Method = "probabilistic_adjusted_count"
    whole = interval(FIT, window, method, draws=1000)
    sums = interval(FIT, Window(window.counts, window.summed), method, draws=1000)
    np.testing.assert_array_equal(sums.shares, whole.shares)
    assert width(sums) == pytest.approx(width(whole), rel=0.25)


@pytest.mark.parametrize("method", METHODS[2:])
def test_under_a_shift_of_shares_90_percent_intervals_hold_the_truth_about_so_often(
    method: Method,
) -> None:
    held = [
        covers(method, np.random.default_rng(draw).dirichlet([3.0, 3.0, 3.0]), draw)
        for draw in range(60)
    ]
    # 180 shares in 60 windows: two standard errors are about 0.06
    assert 0.82 <= np.mean(held) <= 0.97


def covers(method: Method, shares: NDArray[np.float64], draw: int) -> NDArray[np.bool_]:
    fit = fit_quantifier(draw_posts(PRIOR, 400, seed=500 + draw), LABELS, "m", prior=PRIOR.tolist())
    window = Window.of(draw_posts(shares, 150, seed=draw).posteriors)
    found = interval(fit, window, method, draws=100, seed=draw)
    held: NDArray[np.bool_] = (found.low <= shares) & (shares <= found.high)
    return held


@pytest.mark.parametrize("wrong", [{"level": 1.0}, {"level": 0.0}, {"draws": 1}])
def test_a_level_outside_0_and_1_or_a_single_draw_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be in"):
        interval(FIT, Window.of(POSTERIORS), "counts", **wrong)  # type: ignore[arg-type]
