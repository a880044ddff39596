import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.trends.wilson import wilson_interval

COUNTS = st.integers(1, 10**9).flatmap(
    lambda trials: st.tuples(st.integers(0, trials), st.just(trials))
)


@given(COUNTS)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0
    assert low < high


@given(COUNTS)
def test_the_other_posts_have_the_mirrored_interval(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_more_posts_make_it_narrower() -> None:
    widths = [high - low for low, high in (wilson_interval(n, 4 * n) for n in (1, 10, 100))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [
        (0, 0, (0.0, 1.0)),
        (0, 10, (0.0, 0.277533)),  # z^2 / (n + z^2)
        (10, 10, (0.722467, 1.0)),
        (8, 10, (0.490162, 0.943318)),
        (81, 263, (0.255288, 0.366199)),
    ],
)
def test_known_intervals(successes: int, trials: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(successes, trials) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3), (1, 0)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson_interval(successes, trials)
