"""What carried a shift is read from the counts by platform and the example posts."""

import time

import pytest
import redis.asyncio

from connectors.alerts.evidence import explain
from connectors.alerts.spans import TrendSpans
from connectors.exemplars.store import Example, ExemplarStore
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration


async def test_a_swing_is_explained_by_platform_posts_and_words(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout = TrendLayout(namespace)
    began = int(time.time()) // 60 * 60 - 600
    before = [
        predict(at, ["acme"], began - 1200 + 20 * at, sentiment=at % 3, platform="bluesky")
        for at in range(60)
    ]
    now = [
        predict(at, ["acme"], began + at, sentiment=0, platform="reddit", conversation=f"c{at}")
        for at in range(60, 180)
    ]
    await TrendSink(valkey, layout).apply({"posts@id:0": before})
    await TrendSink(valkey, layout).apply({"posts@id:0": now})
    store = ExemplarStore(valkey, layout, text_retention_s=3600.0)
    await store.keep(Example(post, "an old story") for post in before)
    recalled = ["the recall of phones", "the recall of batteries"]
    await store.keep(Example(post, recalled[at % 2]) for at, post in enumerate(now[:5]))
    spans = TrendSpans(TrendReader(valkey, layout))
    label = "sentiment:negative"
    late = await spans.span("acme", began, began + 300, label)
    early = await spans.span("acme", began - 1200, began, label, texts_of_all=True)
    assert (late.posts, late.hits) == ({"reddit": 120}, {"reddit": 120})
    assert (early.posts, early.hits) == ({"bluesky": 60}, {"bluesky": 20})
    assert (late.seconds, early.seconds) == (300, 1200)
    part = await spans.span("acme", began + 10, began + 130, label)
    assert (part.seconds, part.posts) == (180, {"reddit": 120})  # with both minutes it is within
    assert len(early.texts) > len(early.examples)
    assert sum(late.modalities.values()) == pytest.approx(1.0)
    assert {own.post_id for own in late.examples} == {f"p0-{at}" for at in range(60, 65)}
    found = explain(late, early, volume=True)
    assert found.platforms[0].platform == "reddit"
    words = {word.word for word in found.words}
    assert "recall" in words
    assert not words & {"the", "of"}
    assert found.posts[0].label == "negative"


async def test_an_emotion_is_shown_by_its_own_posts(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout = TrendLayout(namespace)
    at = int(time.time()) // 60 * 60 - 60
    posts = [predict(each, ["acme"], at, emotion=5 if each % 3 else 6) for each in range(9)]
    await TrendSink(valkey, layout).apply({"posts@id:0": posts})
    await ExemplarStore(valkey, layout).keep(Example(post, None) for post in posts)
    spans = TrendSpans(TrendReader(valkey, layout))
    found = await spans.span("acme", at, at + 60, "emotion:angry")
    assert found.hits == {"bluesky": 6}
    assert {own.label for own in found.examples} == {"angry"}
    nothing = await spans.span("acme", at - 600, at - 300, None)
    assert (nothing.posts, nothing.modalities, list(nothing.examples)) == ({}, {}, [])
