"""Explanations are kept for who asks next: a bounded number, and never for long."""

import asyncio

from connectors.exemplars.explanation import PostExplanation
from connectors.exemplars.kept_explanations import ExplanationKey, KeptExplanations

MADE = PostExplanation(
    task="sentiment",
    label="negative",
    probability=0.9,
    log_odds=2.2,
    model_version="m-1",
    modalities=[],
    posts=[],
    words=[],
    without_words="",
    words_gap=0.0,
)


def key(post_id: str, text: str | None = "so late") -> ExplanationKey:
    return ExplanationKey(post_id, "mark", "sentiment", text)


async def test_what_nobody_asks_for_again_goes_by_itself() -> None:
    kept = KeptExplanations(kept_s=0.05)
    kept.put(key("p1"), MADE)
    assert kept.get(key("p1")) is MADE
    async with asyncio.timeout(20):
        while len(kept):
            await asyncio.sleep(0.01)
    assert kept.get(key("p1")) is None


async def test_one_that_is_made_again_lives_as_long_as_any() -> None:
    kept = KeptExplanations(kept_s=3600.0)
    kept.put(key("p1"), MADE)
    kept.drop("p1")
    kept.put(key("p1"), MADE)
    assert len(kept._ends) == 1
    kept.clear()
    assert (len(kept), len(kept._ends)) == (0, 0)


async def test_the_one_that_nobody_asked_for_longest_goes_first() -> None:
    kept = KeptExplanations(most=2)
    for name in ("p1", "p2"):
        kept.put(key(name), MADE)
    assert kept.get(key("p1")) is MADE
    kept.put(key("p3"), MADE)
    assert [name for name in ("p1", "p2", "p3") if kept.get(key(name))] == ["p1", "p3"]
    assert len(kept._ends) == 2
    kept.clear()


async def test_what_was_said_of_a_text_that_is_gone_is_forgotten() -> None:
    kept = KeptExplanations()
    kept.put(key("p1", "old"), MADE)
    kept.put(key("p1", None), MADE)
    kept.put(key("p2", "old"), MADE)
    kept.drop("p1", None)
    assert kept.get(key("p1", "old")) is None
    assert kept.get(key("p1", None)) is kept.get(key("p2", "old")) is MADE
    kept.clear()
