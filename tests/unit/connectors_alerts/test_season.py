"""The season of a week is found, past bursts and the age of a track notwithstanding."""

import numpy as np
import pytest
from numpy.typing import NDArray

from connectors.alerts.season import Array, fit_season, overdispersion
from connectors.trends.layout import DAY_S, HOUR_S
from tests.unit.connectors_alerts.panels import MONDAY_S

STARTS = MONDAY_S + HOUR_S * np.arange(28 * 24)
WEEK = MONDAY_S + 28 * DAY_S + HOUR_S * np.arange(7 * 24)


def rate(starts: NDArray[np.int64]) -> Array:
    hours, days = starts // HOUR_S % 24, (starts - MONDAY_S) // DAY_S % 7
    weekday = 100 * np.exp(np.cos((hours - 17) * 2 * np.pi / 24)) * (1 + 0.05 * days)
    weekend = 60 * np.exp(0.5 * np.cos((hours - 22) * 2 * np.pi / 24))
    return np.asarray(np.where(days >= 5, weekend, weekday), np.float64)


def fitted(posts: Array, known: Array | None = None, *, hourly: bool = True) -> Array:
    shown = np.ones_like(posts) if known is None else known
    season = fit_season(posts, shown, STARTS, hourly=hourly)
    return np.asarray(season.expected(WEEK)[0], np.float64)


def test_hours_of_weekdays_and_weekends_are_learned() -> None:
    drawn = np.random.default_rng(0).poisson(rate(STARTS)).astype(float)[None]
    off = fitted(drawn) / rate(WEEK)
    assert np.abs(np.log(off)).mean() < 0.06
    assert np.abs(np.log(off)).max() < 0.25


def test_past_bursts_hardly_count() -> None:
    drawn = np.random.default_rng(0).poisson(rate(STARTS)).astype(float)[None]
    burst = drawn.copy()
    burst[0, 200:206] *= 20
    raised = fitted(burst) / fitted(drawn)
    assert raised.max() < 1.5
    assert raised.mean() < 1.05


def test_blocks_before_a_track_began_say_nothing() -> None:
    drawn = np.random.default_rng(0).poisson(rate(STARTS)).astype(float)[None]
    known = np.ones_like(drawn)
    known[0, : 14 * 24] = 0
    drawn[0, : 14 * 24] = 0
    assert np.abs(np.log(fitted(drawn, known) / rate(WEEK))).mean() < 0.09


def test_blocks_that_are_no_hours_have_no_season() -> None:
    drawn = np.random.default_rng(0).poisson(rate(STARTS)).astype(float)[None]
    assert np.ptp(fitted(drawn, hourly=False)) == 0


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
def test_overdispersion_is_what_was_put_in(noise: float) -> None:
    random = np.random.default_rng(1)
    mean = np.full((1, 4000), 80.0)
    rates = mean * (random.gamma(1 / noise, noise, mean.shape) if noise else 1.0)
    counts = random.poisson(rates).astype(float)
    found = overdispersion(counts, mean, np.ones_like(mean))[0]
    assert found == pytest.approx(noise, abs=0.01 + noise / 8)
