"""Windows are told apart where they differ, and hardly ever where they do not."""

import numpy as np
import pytest

from benchmarks.chance import Threads, rates
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.comparison import compare, difference_interval, holm, previous, score_test
from connectors.trends.dispersion import (
    UNKNOWN,
    joint_freedom,
    share_dispersion,
    volume_dispersion,
)
from connectors.trends.layout import Bucket
from connectors.trends.series import TrendSeries, assemble

MINUTE = 60


def series(
    counts: list[tuple[int, int, int]],
    start: int = 0,
    model: str = "m-1",
    end: int | None = None,
    weight: int = 1,
) -> TrendSeries:
    """Minutes with so many negative, neutral and positive posts, all of one emotion.

    Each stands for `weight` posts.
    """
    wanted = [Bucket("1m", start + MINUTE * at) for at in range(len(counts))]
    found: list[dict[bytes | str, bytes | str]] = []
    for scored in counts:
        own = [weight * n for n in scored]
        fields = {f"sentiment:{label}": n for label, n in zip(SENTIMENTS, own, strict=True)}
        fields |= {"shed": sum(own) - sum(scored), "shed:squares": sum(own) * (weight - 1)}
        fields |= {"posts": sum(own), "emotion:happy": sum(own), f"model:{model}": sum(own)}
        found.append({name: str(count) for name, count in fields.items()})
    return assemble("acme", end or start + MINUTE * len(counts), wanted, found)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """His example: 56 of 70 and 48 of 80, 0.2 with 0.0524 to 0.3339."""
    low, high = difference_interval((56, 70), (48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_the_score_test_is_that_of_a_two_by_two_table() -> None:
    """Its square is Pearson's chi-squared: 7.0 of one degree of freedom for this table."""
    chi = 150 * (56 * 32 - 14 * 48) ** 2 / (70 * 80 * 104 * 46)
    assert chi == pytest.approx(7.0234, abs=1e-3)
    assert score_test((56, 70), (48, 80)) == pytest.approx(0.00804, abs=1e-4)


def test_holms_correction_is_monotone_and_at_most_one() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.9})
    assert corrected == pytest.approx({"a": 0.04, "c": 0.09, "b": 0.09, "d": 0.9})


def test_a_swing_is_found_with_its_size() -> None:
    quiet = [(2, 5, 3)] * 30
    swung = [(6, 3, 1)] * 30
    found = compare(series(swung, start=1800), series(quiet))
    assert found.sentiment is not None
    negative = found.sentiment["negative"]
    assert negative.share == pytest.approx(0.6)
    assert negative.baseline == pytest.approx(0.2)
    assert negative.difference == pytest.approx(0.4)
    assert negative.low < 0.4 < negative.high
    assert negative.low > 0.3
    assert negative.significant
    assert not found.volume.significant
    assert found.volume.ratio == pytest.approx(1.0)


def test_a_range_that_ends_within_a_bucket_does_not_look_busier() -> None:
    steady = [(1, 2, 1)] * 30
    cut = compare(series(steady, start=3600), series(steady[:5], end=4 * MINUTE + 5))
    assert cut.volume.baseline_per_hour == pytest.approx(240)
    assert cut.volume.ratio == pytest.approx(1.0)
    assert not cut.volume.significant
    short = compare(series(steady, start=3600), series(steady[:1], end=20))
    assert (short.volume.baseline_per_hour, short.volume.ratio) == (None, None)


def test_more_posts_an_hour_are_told_by_their_ratio_whatever_the_lengths() -> None:
    found = compare(series([(2, 5, 3), (2, 4, 3)] * 10, start=3600), series([(1, 2, 1)] * 60))
    volume = found.volume
    assert volume.per_hour == pytest.approx(570)
    assert volume.baseline_per_hour == pytest.approx(240)
    assert volume.ratio == pytest.approx(2.375)
    assert volume.low is not None
    assert 1.8 < volume.low < 2.375
    assert volume.significant


def test_without_posts_nothing_is_compared() -> None:
    found = compare(series([(1, 1, 1)] * 5), series([(0, 0, 0)] * 5))
    assert (found.sentiment, found.emotion, found.volume.ratio) == (None, None, None)
    assert not found.volume.significant


def test_a_label_that_nobody_used_differs_from_nothing() -> None:
    found = compare(series([(0, 1, 0)] * 5), series([(0, 1, 0)] * 5))
    assert found.sentiment is not None
    assert found.sentiment["negative"].p_value == 1.0


def test_windows_of_other_models_say_so() -> None:
    assert compare(series([(1, 1, 1)]), series([(1, 1, 1)], model="m-2")).models_differ
    assert not compare(series([(1, 1, 1)]), series([(1, 1, 1)])).models_differ


def test_the_window_before_is_as_long_and_ends_where_this_one_starts() -> None:
    assert previous(series([(1, 1, 1)] * 10, start=1200)) == (600, 1200)
    begun = series([(1, 1, 1)] * 10, start=1200, end=1200 + 570)
    assert previous(begun) == (600, 1200)


def test_independent_posts_are_hardly_dispersed_and_clusters_are() -> None:
    generator = np.random.default_rng(1)
    posts = [20] * 600
    alone = generator.binomial(20, 0.3, 600).tolist()
    together = (5 * generator.binomial(4, 0.3, 600)).tolist()  # five posts of a thread agree
    assert share_dispersion(alone, posts).factor < 1.5
    assert 4.0 < share_dispersion(together, posts).factor < 7.5
    assert volume_dispersion(generator.poisson(20, 600).tolist()).factor < 1.5
    assert 4.0 < volume_dispersion((5 * generator.poisson(4, 600)).tolist()).factor < 7.5


def test_too_few_buckets_show_no_dispersion() -> None:
    assert share_dispersion([0, 10], [10, 10]) == UNKNOWN
    assert volume_dispersion([0, 100]) == UNKNOWN


@pytest.mark.parametrize("thread", [1, 5])
def test_windows_of_one_mood_are_told_apart_at_most_one_time_in_twenty(thread: int) -> None:
    """In threads whose posts all agree as in posts by themselves."""
    generator = np.random.default_rng(thread)
    found = []
    for _ in range(2000):
        pair, freedoms = [], []
        for _ in range(2):
            negative = (thread * generator.binomial(20 // thread, 0.3, 60)).tolist()
            spread = share_dispersion(negative, [20] * 60)
            pair.append((sum(negative) / spread.factor, 1200 / spread.factor))
            freedoms.append(spread.freedom)
        freedom = joint_freedom([1 / posts for _, posts in pair], freedoms)
        found.append(score_test(pair[0], pair[1], freedom) < 0.05)
    assert 0.0 < np.mean(found) < 0.05


@pytest.mark.parametrize(
    ("threads", "most"),
    [
        (Threads(posts=10, last_min=15, an_hour=60, agree=0.5), 0.06),
        (Threads(posts=10, last_min=30, an_hour=60, agree=0.5), 0.08),
        (Threads(posts=30, last_min=30, an_hour=20, agree=0.5), 0.16),
    ],
)
def test_threads_of_many_buckets_are_seldom_taken_for_a_change(
    threads: Threads, most: float
) -> None:
    assert rates(threads, pairs=200).shares < most


@pytest.mark.parametrize("minutes", [3, 30])
def test_posts_that_stand_for_others_make_no_difference_surer(minutes: int) -> None:
    """Shares differ as those scored do; of three minutes no dispersion could tell."""
    before, now = [(2, 5, 3)] * minutes, [(3, 5, 2)] * minutes
    start = MINUTE * minutes
    scored = compare(series(now, start), series(before))
    sampled = compare(series(now, start, weight=16), series(before, weight=16))
    assert scored.sentiment is not None
    assert sampled.sentiment is not None
    for label in SENTIMENTS:
        one, other = scored.sentiment[label].model_dump(), sampled.sentiment[label].model_dump()
        assert other == pytest.approx(one)
    assert sampled.volume.ratio == scored.volume.ratio == 1.0
    assert sampled.volume.dispersion == 16.0
    assert sampled.volume.high == pytest.approx(scored.volume.high)
