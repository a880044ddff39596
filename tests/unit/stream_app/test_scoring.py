"""Posts are scored in order within their windows, and poison is found without losing a post."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.halving import ModelBroken, PoisonPost
from stream_app.core.scoring import PostToScore, ScoredPost, Scorer
from stream_app.core.windows import ConversationKey, Windows
from tests.unit.stream_app.fakes import STAMP, FakeEngine, features

CANARY = features(999)


def scorer(engine: FakeEngine, length: int = 4) -> tuple[Scorer, Windows]:
    windows = Windows(length, STAMP, 100)
    return Scorer(engine, windows, CANARY), windows


def posts(numbers: list[int], windows: Windows, conversations: int = 1) -> list[PostToScore]:
    made = []
    for number in numbers:
        key = ConversationKey(0, f"c{number % conversations}")
        for missing in windows.missing([key]):
            windows.load(missing, [])
        made.append(PostToScore(key, features(number)))
    return made


def as_scored(results: Sequence[ScoredPost | PoisonPost]) -> list[ScoredPost]:
    """Each without the posts behind it: those may have come in another batch."""
    scored = [r for r in results if isinstance(r, ScoredPost)]
    return [replace(r, window=tuple(r.window[: r.window_posts])) for r in scored]


def test_each_post_sees_itself_and_the_posts_before_it() -> None:
    engine = FakeEngine()
    scores, windows = scorer(engine)
    results = scores.score(posts([1, 2, 3], windows))
    assert [r.window_posts for r in results if isinstance(r, ScoredPost)] == [1, 2, 3]
    assert engine.seen[-1] == (b"m1", b"m2", b"m3")


def test_no_post_sees_more_than_the_window() -> None:
    engine = FakeEngine()
    scores, windows = scorer(engine, length=3)
    results = scores.score(posts([1, 2, 3, 4, 5], windows))
    assert [len(window) for window in engine.seen] == [1, 2, 3, 2, 3]
    assert [r.window for r in as_scored(results)] == engine.seen
    assert engine.seen[-1] == (b"m3", b"m4", b"m5")
    assert windows.window(ConversationKey(0, "c0")).records == (b"m3", b"m4", b"m5")


@given(
    numbers=st.lists(st.integers(0, 50), unique=True, max_size=30),
    poison=st.sets(st.integers(0, 50), max_size=10),
    conversations=st.integers(1, 4),
)
def test_poison_is_found_alone_and_the_others_score_as_if_it_had_never_come(
    numbers: list[int], poison: set[int], conversations: int
) -> None:
    with_poison, windows = scorer(FakeEngine(poison))
    results = with_poison.score(posts(numbers, windows, conversations))
    found = {n for n, r in zip(numbers, results, strict=True) if isinstance(r, PoisonPost)}
    assert found == poison.intersection(numbers)

    healthy = [n for n in numbers if n not in poison]
    without, others = scorer(FakeEngine())
    expected = without.score(posts(healthy, others, conversations))
    assert as_scored(results) == as_scored(expected)


def test_a_model_that_fails_on_everything_is_no_poison() -> None:
    engine = FakeEngine()
    scores, windows = scorer(engine)
    batch = posts([1, 2], windows)
    engine.broken = True
    with pytest.raises(ModelBroken):
        scores.score(batch)


def test_records_made_ahead_are_not_made_again_and_change_no_score() -> None:
    engine = FakeEngine()
    scores, windows = scorer(engine)
    ahead = scores.encode([features(2)])
    assert ahead == [b"m2"]
    first, second, third = posts([1, 2, 3], windows)
    engine.poison = {2}  # whoever encodes it again fails
    results = scores.score([first, replace(second, record=ahead[0]), third])
    assert [r.record for r in as_scored(results)] == [b"m1", b"m2", b"m3"]
    assert engine.seen[-1] == (b"m1", b"m2", b"m3")


def test_a_post_that_cannot_be_encoded_ahead_is_left_to_be_found_when_it_is_scored() -> None:
    scores, windows = scorer(FakeEngine(poison={2}))
    assert scores.encode([features(1), features(2)]) is None
    results = scores.score(posts([1, 2], windows))
    assert [type(result) for result in results] == [ScoredPost, PoisonPost]


@pytest.mark.parametrize("sure", [nan, inf, 0.5, -0.2])
def test_a_model_whose_scores_are_no_shares_of_1_is_broken(sure: float) -> None:
    """Every post would be poison otherwise, though none is at fault."""
    engine = FakeEngine()
    scores, windows = scorer(engine)
    batch = posts([1, 2], windows)
    engine.sure = sure
    with pytest.raises(ModelBroken, match="no shares of 1"):
        scores.score(batch)


def test_a_model_that_fails_for_a_moment_makes_no_post_poison() -> None:
    engine = FakeEngine()
    scores, windows = scorer(engine)
    batch = posts([1], windows)
    engine.stumbles = 1
    (result,) = scores.score(batch)
    assert isinstance(result, ScoredPost)
    assert windows.window(ConversationKey(0, "c0")).records == (b"m1",)
