"""Why an example post was scored so, on the dashboard."""

import time
from dataclasses import replace
from typing import Final, Literal

import pytest
import redis.asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.exemplars.explanation import (
    CarryingModality,
    CarryingPost,
    CarryingWord,
    ExplanationQuestion,
    ExplanationUnavailableError,
    PostExplanation,
)
from connectors.exemplars.store import Example, ExemplarStore
from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.schemas.kept_post import record_of
from tests.browser.conftest import Store
from tests.browser.visiting import count, opened
from tests.conftest import PredictionMaker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


async def test_an_example_post_tells_why_it_was_scored_so(
    page: Page,
    options: ApiOptions,
    counts: redis.asyncio.Redis,
    predict: PredictionMaker,
    complaints: list[str],
) -> None:
    await keep_conversation(counts, predict)
    server = ApiServer(replace(options, explainer=MadeUpExplainer()), "127.0.0.1", 0)
    async with server.beside():
        await opened(page, server.url, "/?track=acme")
        card = page.locator(".card", has_text="so late 🚆 again")
        await card.locator("summary").focus()
        await page.keyboard.press("Enter")
        await expect(card.locator("mark.for")).to_have_text("late")
        await expect(card.locator("mark.against")).to_have_text("again")
        await expect(card.get_by_role("row", name="Text")).to_contain_text("+1.20")
        await expect(card.get_by_role("row", name="1 before")).to_contain_text("20%")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            found = await Axe().run(page, options={"resultTypes": ["violations"]})
            assert [each["id"] for each in found.response["violations"]] == []
        await card.get_by_role("button", name="Emotion").click()
        await expect(card).to_contain_text("No window is kept of it")
        await page.close()
    assert [each for each in complaints if "410" not in each] == []


class MadeUpExplainer:
    """Knows sentiment and not emotion."""

    async def explain(self, question: ExplanationQuestion) -> PostExplanation:
        if question.task == "emotion":
            raise ExplanationUnavailableError("no window is kept of it")
        text = question.text or ""
        words = [("so", 0.05), ("late", 0.9), ("again", -0.4)]
        return PostExplanation(
            task="sentiment",
            label=question.label,
            probability=0.9,
            log_odds=2.2,
            model_version="m-1",
            modalities=[
                CarryingModality(modality="text", share=0.9, signed=1.2),
                CarryingModality(modality="audio", share=0.1, signed=-0.1),
                CarryingModality(modality="visual", share=0.0, signed=0.0),
            ],
            posts=[
                CarryingPost(before=1, share=0.2, signed=-0.3),
                CarryingPost(before=0, share=0.8, signed=1.4),
            ],
            words=[
                CarryingWord(
                    text=word,
                    start=text.index(word),
                    end=text.index(word) + len(word),
                    signed=signed,
                )
                for word, signed in words
            ],
            without_words="",
            words_gap=0.0,
        )

    async def close(self) -> None:
        pass


async def keep_conversation(client: redis.asyncio.Redis, predict: PredictionMaker) -> None:
    """Two posts of one conversation, counted and kept as examples with window and text."""
    now = time.time()
    posts = [
        replace(predict(at, ["acme"], now - 2 + at, sentiment=0), window_posts=at + 1)
        for at in range(2)
    ]
    await count(client, posts)
    source = SourcePartition("posts", "id-1", 0)
    kept = [b"-0", b"-1"]
    windows = PartitionStore(client, namespace=Store.layout.namespace)
    batch = BatchToFix(source, 0, 1, b"", {posts[0].conversation_id: kept})
    await windows.fix([batch])
    store = ExemplarStore(client, Store.layout, text_retention_s=3600)
    texts = [None, "so late 🚆 again"]
    await store.keep(
        Example(post, text, source, [record_of(own) for own in kept])
        for post, text in zip(posts, texts, strict=True)
    )
