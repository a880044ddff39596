"""Comparing trends and predictions with labels."""

import numpy as np
import pytest

from stream_app.replay.agreement import compare_posts, compare_shares, compare_tracks, pearson
from stream_app.replay.comments import Comment


def comments(track: str, *opinions: str | None) -> list[Comment]:
    return [
        Comment(f"{track}-{number}", "v", track, "text", 1, opinion)
        for number, opinion in enumerate(opinions)
    ]


ACME = comments("acme", "negative", "negative", "positive", None)
OTHER = comments("other", "neutral", "positive", "positive", "positive")


def test_shares_are_over_labelled_comments_and_over_counted_posts() -> None:
    (track,) = compare_tracks(ACME, {"acme": {"negative": 1, "neutral": 1, "positive": 2}})
    assert (track.labelled_posts, track.counted_posts) == (3, 4)
    assert track.labelled == pytest.approx({"negative": 2 / 3, "neutral": 0, "positive": 1 / 3})
    assert track.predicted == {"negative": 0.25, "neutral": 0.25, "positive": 0.5}
    assert track.errors == pytest.approx({"negative": 5 / 12, "neutral": 1 / 4, "positive": 1 / 6})
    assert track.mean_error == pytest.approx((5 / 12 + 1 / 4 + 1 / 6) / 3)


def test_a_track_that_redis_does_not_count_is_left_out() -> None:
    assert [
        track.track for track in compare_tracks([*ACME, *OTHER], {"other": {"neutral": 1}})
    ] == ["other"]


def test_perfect_trends_have_no_error_and_correlate() -> None:
    counted = {"acme": {"negative": 2, "positive": 1}, "other": {"neutral": 1, "positive": 3}}
    shares = compare_shares(compare_tracks([*ACME, *OTHER], counted))
    assert shares.mean_error["all"] == pytest.approx(0)
    assert shares.constant_error["all"] > 0
    assert shares.pearson == pytest.approx(dict.fromkeys(shares.pearson, 1.0))


def test_a_correlation_with_a_constant_is_undefined() -> None:
    shares = compare_shares(compare_tracks(ACME, {"acme": {"neutral": 4}}))
    assert shares.pearson["negative"] is None


def test_pearson_of_reversed_values_is_minus_one() -> None:
    assert pearson(np.array([0.0, 1.0, 2.0]), np.array([2.0, 1.0, 0.0])) == pytest.approx(-1)


def test_posts_are_joined_by_their_id_and_set_beside_the_majority() -> None:
    predicted = {"acme-0": "negative", "acme-2": "negative", "acme-3": "neutral", "x": "neutral"}
    posts = compare_posts(ACME, predicted)
    assert posts.posts == 2
    assert posts.model["accuracy"] == 0.5
    assert posts.confusion["positive"] == {"negative": 1, "neutral": 0, "positive": 0}
    assert posts.majority["accuracy"] == 0.5


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="0 labels"):
        compare_posts(ACME, {})
