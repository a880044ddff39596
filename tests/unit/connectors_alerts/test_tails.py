"""Tails are those of the distributions they claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, nbinom, poisson

from connectors.alerts.tails import count_tails, share_tails


@given(posts=st.integers(0, 200), expected=st.floats(0.5, 100))
def test_without_noise_a_count_has_the_tails_of_poisson(posts: int, expected: float) -> None:
    low, high = count_tails(np.array([float(posts)]), np.array([expected]), np.array([1e-9]))
    if posts > expected + 2.01 * expected**0.5:
        assert high[0] == pytest.approx(poisson.sf(posts - 1, expected), rel=1e-3, abs=1e-15)
    if np.log((posts + 0.5) / expected) < -2.01 * np.log1p(1 / expected) ** 0.5:
        assert low[0] == pytest.approx(poisson.cdf(posts, expected), rel=1e-3, abs=1e-15)


@given(hits=st.integers(0, 60), share=st.floats(0.05, 0.95))
def test_a_share_has_the_tails_of_the_binomial(hits: int, share: float) -> None:
    low, high = share_tails(np.array([float(hits)]), np.array([60.0]), np.array([share]))
    if abs(hits - 60 * share) > 2.01 * (60 * share * (1 - share)) ** 0.5:
        assert low[0] == pytest.approx(binom.cdf(hits, 60, share), rel=1e-6, abs=1e-15)
        assert high[0] == pytest.approx(binom.sf(hits - 1, 60, share), rel=1e-6, abs=1e-15)


def test_bursts_are_as_rare_as_from_a_log_normal_rate() -> None:
    random = np.random.default_rng(0)
    noise, mean = 0.15, 40.0
    spread = np.sqrt(np.log1p(noise))
    rates = mean * np.exp(spread * random.standard_normal(400_000) - spread**2 / 2)
    drawn = random.poisson(rates)
    many = float(np.quantile(drawn, 0.998))
    _, high = count_tails(np.array([many]), np.array([mean]), np.array([noise]))
    assert high[0] == pytest.approx((drawn >= many).mean(), rel=0.1)


@given(posts=st.integers(0, 12), noise=st.floats(0.05, 1.0))
def test_lulls_are_as_rare_as_from_a_gamma_rate(posts: int, noise: float) -> None:
    low, _ = count_tails(np.array([float(posts)]), np.array([60.0]), np.array([noise]))
    if np.log((posts + 0.5) / 60.0) < -2.01 * np.log1p(noise + 1 / 60.0) ** 0.5:
        expected = nbinom.cdf(posts, 1 / noise, 1 / (1 + noise * 60.0))
        assert low[0] == pytest.approx(expected, rel=1e-6, abs=1e-15)
