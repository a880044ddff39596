"""Net sentiment's interval, and whether it moved by more than chance."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chance import Threads, drawn
from connectors.trends.net_sentiment import Opinion, net_change, net_dispersion, net_interval

MOODS = ((0.2, 0.3, 0.5), (0.05, 0.9, 0.05), (0.6, 0.05, 0.35))  # negative, neutral, positive


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_what_was_counted(negative: int, neutral: int, positive: int) -> None:
    posts = negative + neutral + positive
    low, high = net_interval(negative, positive, posts)
    net = (positive - negative) / posts if posts else 0.0
    assert -1.0 <= low <= net <= high <= 1.0


@pytest.mark.parametrize("truth", [(0.2, 0.3, 0.5), (0.05, 0.9, 0.05), (0.6, 0.05, 0.35)])
def test_the_interval_covers_the_truth_about_19_times_in_20(
    truth: tuple[float, float, float],
) -> None:
    dice = random.Random(11)
    covered = 0
    for _ in range(1000):
        labels = dice.choices(range(3), truth, k=60)
        low, high = net_interval(labels.count(0), labels.count(2), 60)
        covered += low <= truth[2] - truth[0] <= high
    assert 925 <= covered <= 985


def window(
    dice: random.Random, mood: Sequence[float], thread: int, threads: int = 6
) -> list[Opinion]:
    """Twelve buckets of threads whose posts agree."""
    buckets = []
    for _ in range(12):
        labels = dice.choices(range(3), mood, k=threads)
        buckets.append((thread * labels.count(0), thread * labels.count(2), thread * threads))
    return buckets


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("thread", [1, 5])
def test_of_windows_of_one_mood_about_one_in_twenty_is_taken_for_a_change(
    mood: tuple[float, float, float], thread: int
) -> None:
    dice = random.Random(7)
    found = 0
    for _ in range(1000):
        moved = net_change(window(dice, mood, thread), window(dice, mood, thread))
        assert moved is not None
        found += not moved.low <= 0.0 <= moved.high
    assert found <= 75


@pytest.mark.parametrize(
    ("threads", "most"),
    [
        (Threads(posts=10, last_min=15, an_hour=60, agree=0.5), 0.06),
        (Threads(posts=10, last_min=30, an_hour=60, agree=0.5), 0.08),
        (Threads(posts=30, last_min=30, an_hour=20, agree=0.5), 0.16),
    ],
)
def test_threads_of_many_minutes_are_seldom_taken_for_a_change(
    threads: Threads, most: float
) -> None:
    generator = np.random.default_rng(2)
    found = 0
    for _ in range(500):
        minutes = [(own[0], own[2], sum(own)) for own in drawn(threads, generator, 120).tolist()]
        moved = net_change(
            [each for each in minutes[60:] if each[2]], [each for each in minutes[:60] if each[2]]
        )
        assert moved is not None
        found += not moved.low <= 0.0 <= moved.high
    assert found / 500 < most


def test_a_change_that_is_large_is_seen() -> None:
    dice = random.Random(3)
    seen = 0
    for _ in range(200):
        moved = net_change(window(dice, (0.2, 0.3, 0.5), 1), window(dice, (0.5, 0.3, 0.2), 1))
        assert moved is not None
        seen += moved.low > 0.0
    assert seen > 165


def test_threads_that_agree_count_as_few_posts() -> None:
    dice = random.Random(5)
    spreads = [net_dispersion(window(dice, MOODS[0], 5, 20)).factor for _ in range(200)]
    assert 5.0 * 0.85 < sum(spreads) / len(spreads) < 5.0 * 1.5


def test_without_posts_nothing_moved() -> None:
    assert net_change([], [(1, 1, 2)]) is None
    assert net_change([(1, 1, 2)], []) is None
