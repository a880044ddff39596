"""Simulated coverage: corrected intervals hold the truth, those of raw counts do not."""

from stream_app.prevalence.coverage import simulate_coverage
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts

POOL = draw_posts(PRIOR, 3000, seed=3)


def test_intervals_of_adjusted_shares_hold_the_truth_and_those_of_raw_counts_do_not() -> None:
    found = simulate_coverage(
        POOL,
        LABELS,
        ["adjusted_count", "probabilistic_adjusted_count"],
        windows=60,
        posts=200,
        fitted_posts=1000,
        draws=100,
    )
    for method in ("adjusted_count", "probabilistic_adjusted_count"):
        # 180 shares in 60 windows: two standard errors are about 0.06
        assert 0.83 <= found[method].held <= 0.97
        assert found[method].mean_error < found["raw counts"].mean_error
    assert found["raw counts"].held < 0.6


def test_a_seed_repeats_the_simulation() -> None:
    first, second = (
        simulate_coverage(POOL, LABELS, ["adjusted_count"], windows=5, draws=20, seed=4)
        for _ in range(2)
    )
    assert first == second
