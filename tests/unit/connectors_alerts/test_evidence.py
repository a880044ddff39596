"""Platforms, modalities and words that carried a shift are told, and add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alerts.evidence import Span, explain, known_from, usual_span
from connectors.schemas.alert import WordsCounted
from tests.unit.connectors_alerts.alerts import NOTHING
from tests.unit.connectors_alerts.texts import spoken, wording

COUNTS = st.dictionaries(st.sampled_from(["bluesky", "reddit", "tiktok"]), st.integers(0, 500))


def test_a_burst_of_one_platform_is_carried_by_it() -> None:
    found = explain(
        Span(300, {"bluesky": 100, "reddit": 310}),
        Span(1200, {"bluesky": 400, "reddit": 40}),
        volume=True,
    )
    assert [part.platform for part in found.platforms] == ["reddit", "bluesky"]
    assert found.platforms[0].usual_posts == pytest.approx(10.0)
    assert found.platforms[0].carried == pytest.approx(1.0)
    assert found.platforms[0].share is None


def test_a_swing_within_one_platform_is_carried_by_it() -> None:
    found = explain(
        Span(300, {"bluesky": 100, "reddit": 100}, {"bluesky": 20, "reddit": 70}),
        Span(1200, {"bluesky": 400, "reddit": 400}, {"bluesky": 80, "reddit": 80}),
        volume=False,
    )
    first = found.platforms[0]
    assert (first.platform, first.share, first.usual_share) == ("reddit", 0.7, 0.2)
    assert first.carried == pytest.approx(1.0)


def test_a_platform_is_measured_against_its_own_share_before() -> None:
    found = explain(
        Span(900, {"a": 125, "b": 125}, {"a": 75, "b": 40}),
        Span(3600, {"a": 500, "b": 500}, {"a": 300, "b": 20}),
        volume=False,
    )
    assert {part.platform: part.carried for part in found.platforms} == {
        "a": pytest.approx(0.0),
        "b": pytest.approx(1.0),
    }


def test_posts_that_move_to_a_more_negative_platform_move_the_share() -> None:
    found = explain(
        Span(900, {"a": 200, "b": 100}, {"a": 120, "b": 10}),
        Span(900, {"a": 100, "b": 200}, {"a": 60, "b": 20}),
        volume=False,
    )
    # the one that grew had more than the mean, the one that shrank had less
    assert [part.carried for part in found.platforms] == pytest.approx([0.5, 0.5])


def test_a_new_platform_carries_what_it_brought() -> None:
    found = explain(
        Span(900, {"a": 100, "new": 100}, {"a": 20, "new": 90}),
        Span(900, {"a": 100}, {"a": 20}),
        volume=False,
    )
    assert found.platforms[0].platform == "new"
    assert found.platforms[0].usual_share is None
    assert sum(part.carried for part in found.platforms) == pytest.approx(1.0)


@st.composite
def labelled(draw: st.DrawFn) -> Span:
    posts = draw(COUNTS)
    hits = {name: draw(st.integers(0, own)) for name, own in posts.items()}
    return Span(draw(st.integers(60, 6000)), posts, hits)


@given(now=labelled(), before=labelled())
def test_parts_of_a_share_add_up(now: Span, before: Span) -> None:
    whole = _overall(now) - _overall(before)
    carried = sum(part.carried for part in explain(now, before, volume=False).platforms)
    known = sum(now.posts.values()) and sum(before.posts.values()) and abs(whole) > 1e-9
    assert carried == pytest.approx(1.0 if known else 0.0)


def _overall(span: Span) -> float:
    return sum(span.hits.values()) / max(sum(span.posts.values()), 1)


@given(now=COUNTS, before=COUNTS)
def test_parts_of_platforms_add_up(now: dict[str, int], before: dict[str, int]) -> None:
    found = explain(Span(60, now), Span(60, before), volume=True).platforms
    whole = sum(now.values()) - sum(before.values())
    assert sum(part.carried for part in found) == pytest.approx(1.0 if whole else 0.0)


def test_what_is_usual_ends_with_the_minute_before_the_shift() -> None:
    assert usual_span(6_130, 600, None) == (5_520, 6_120)
    assert usual_span(6_130, 600, 0) == (5_520, 6_120)


def test_what_is_usual_does_not_reach_past_the_first_post() -> None:
    assert usual_span(6_130, 600, 5_990) == (5_990, 6_120)
    assert usual_span(6_130, 600, 6_125) == (6_060, 6_120)  # nothing is usual yet
    counted = Span(180.0, {"a": 130})  # with the minute of the first post
    [part] = explain(Span(65, {"a": 65}), known_from(counted, 5_990, 6_120), volume=True).platforms
    assert part.usual_posts == pytest.approx(65.0)


def test_modalities_that_grew_come_first() -> None:
    found = explain(
        Span(60, modalities={"text": 0.5, "audio": 0.5, "visual": 0.0}),
        Span(60, modalities={"text": 0.8, "audio": 0.2, "visual": 0.0}),
        volume=False,
    )
    assert [part.modality for part in found.modalities] == ["audio", "visual", "text"]


def test_words_of_the_shift_are_told() -> None:
    now = [*["the #Recall of the battery https://example.org/recall"] * 8, "the weather"]
    before = ["the weather of today", "nice battery"] * 6
    found = explain(Span(60, texts=spoken(*now)), Span(60, texts=spoken(*before)), volume=True)
    assert [word.word for word in found.words] == ["#recall"]
    assert (found.words[0].posts, found.words[0].usual_posts) == (8, 0)
    assert found.words_counted == WordsCounted(source="examples", posts=9, usual_posts=12)


def test_words_of_all_posts_come_before_those_of_examples() -> None:
    found = explain(
        Span(60, texts=spoken("sure of itself"), wording=wording(["the recall"] * 40, [])),
        Span(240, texts=spoken("nice"), wording=wording(["the battery"] * 10, ["the sun"] * 90)),
        volume=False,
    )
    assert [(own.word, own.posts, own.usual_posts) for own in found.words] == [("recall", 40, 0)]
    assert found.words_counted == WordsCounted(source="posts", posts=40, usual_posts=100)


def test_nothing_is_told_of_no_posts() -> None:
    found = explain(Span(60), Span(60), volume=False)
    assert found == NOTHING
