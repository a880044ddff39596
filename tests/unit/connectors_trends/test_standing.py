"""How a track stands beside itself before, and its net sentiment's interval."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.trends.standing import Standing, net_interval, standings


def bucket(start: int, negative: int, neutral: int, positive: int) -> tuple[int, dict[str, int]]:
    return start, {
        "posts": negative + neutral + positive,
        "sentiment:negative": negative,
        "sentiment:neutral": neutral,
        "sentiment:positive": positive,
    }


def names(found: list[Standing]) -> list[str]:
    return [standing.track for standing in found]


def test_a_track_is_set_beside_its_window_before() -> None:
    (acme,) = standings(
        {"acme": [bucket(60, 1, 1, 2), bucket(120, 0, 1, 3)]}, {"acme": [bucket(0, 2, 2, 0)]}
    )
    assert (acme.posts, acme.posts_before, acme.posts_change) == (8, 4, 1.0)
    assert (acme.net, acme.net_before, acme.net_change) == (0.5, -0.5, 1.0)
    assert acme.sentiment == {"negative": 1, "neutral": 2, "positive": 5}
    assert [(point.start, point.posts, point.net) for point in acme.points] == [
        (60, 4, 0.25),
        (120, 4, 0.75),
    ]


def test_what_is_not_known_is_null() -> None:
    quiet, new = standings(
        {"new": [bucket(60, 0, 0, 3)], "quiet": []},
        {"new": [], "quiet": [bucket(0, 1, 0, 0)]},
        "track",
    )[::-1]
    assert (quiet.posts, quiet.net, quiet.net_change, quiet.posts_change) == (0, None, None, -1.0)
    assert (new.posts_change, new.net_before, new.net_change) == (None, None, None)
    assert (quiet.net_low, quiet.net_high) == (-1.0, 1.0)


def test_order_and_share_of_voice() -> None:
    now = {
        "a": [bucket(60, 3, 0, 0)],
        "b": [bucket(60, 0, 0, 1)],
        "c": [bucket(60, 0, 4, 0)],
        "d": [],
    }
    before = {"a": [bucket(0, 3, 0, 0)], "b": [bucket(0, 1, 0, 0)], "c": [], "d": []}
    assert names(standings(now, before)) == ["c", "a", "b", "d"]
    assert names(standings(now, before, "net")) == ["b", "c", "a", "d"]
    assert names(standings(now, before, "change"))[0] == "b"
    assert names(standings(now, before, "track")) == ["a", "b", "c", "d"]
    shares = {standing.track: standing.share_of_voice for standing in standings(now, before)}
    assert shares == {"a": 3 / 8, "b": 1 / 8, "c": 4 / 8, "d": 0.0}


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
    drawn = random.Random(11)
    covered = 0
    for _ in range(1000):
        labels = drawn.choices(range(3), truth, k=60)
        low, high = net_interval(labels.count(0), labels.count(2), 60)
        covered += low <= truth[2] - truth[0] <= high
    assert 925 <= covered <= 985
