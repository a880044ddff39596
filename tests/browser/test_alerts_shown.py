"""Alerts on the dashboard: their marks, what carried them, and whether anybody watched."""

import re
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import redis.asyncio
from playwright.async_api import Page, expect

from connectors.alerts.layout import AlertLayout
from connectors.alerts.lifecycle import Lifecycle
from connectors.alerts.memory import WatchMemory
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.store import AlertStore
from connectors.exemplars.store import Example, ExemplarStore
from connectors.schemas.alert import Evidence, ExamplePost, ModalityPart, Word, WordsCounted
from connectors.schemas.prediction import Prediction
from tests.browser.conftest import Store
from tests.browser.visiting import asked_span, count, opened
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import make_alert

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


async def test_an_alert_shows_its_posts_and_what_carried_it(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [predict(at, ["acme"], now - at, sentiment=0) for at in range(4)]
    await count(counts, posts)
    exemplars = ExemplarStore(counts, Store.layout, text_retention_s=3600)
    await exemplars.keep(
        Example(post, "late again" if post is posts[1] else None) for post in posts
    )
    shift = make_alert("acme", int(now))
    evidence = Evidence(
        platforms=[],
        modalities=[ModalityPart(modality="audio", share=0.62, usual_share=0.35)],
        words=[Word(word="recall", posts=1200, usual_posts=31, z=21.4)],
        words_counted=WordsCounted(source="posts", posts=2000, usual_posts=1811),
        posts=[shown(post) for post in posts[1:3]],
    )
    store = AlertStore(counts, AlertLayout(Store.layout.namespace))
    await store.put(shift.model_copy(update={"evidence": evidence}))
    await opened(page, address, "/")
    badge = page.get_by_role("link", name="ALERT")
    await expect(badge).to_have_css("color", "rgb(163, 33, 92)")  # no name's, which is ink
    await badge.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("acme")
    start, end = asked_span(page.url)
    assert start < shift.since < end
    await expect(page.locator(".dates summary")).not_to_have_text("Dates")
    card = page.locator(".card.alert")
    await expect(card.get_by_role("link")).to_have_attribute("href", re.compile("from=.*&to="))
    await expect(card).to_contain_text("audio 62%, usually 35%")
    await expect(card).to_contain_text("“recall”")
    await expect(card).to_contain_text("more often in 2,000 posts than in 1,811 before")
    kept, gone = card.locator(".shown-by li").nth(0), card.locator(".shown-by li").nth(1)
    await expect(kept.locator("blockquote")).to_have_text("late again")
    await expect(gone).to_contain_text(posts[2].post_id)
    await expect(gone).to_contain_text("Negative 91%")
    await expect(gone.locator("blockquote")).to_have_count(0)


async def test_an_overview_of_a_past_span_tells_of_the_alerts_of_that_time(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = int(time.time())
    await count(counts, [predict(0, ["acme"], now - 9000), predict(1, ["globex"], now)])
    store = AlertStore(counts, AlertLayout(Store.layout.namespace))
    # a shift that grew slowly was found long after it began
    over = {"state": "ended", "since": now - 9000.0, "ended_at": now - 300}
    await store.put(make_alert("acme", now - 600).model_copy(update=over))
    await store.put(make_alert("globex", now))
    moments = (now - ago for ago in (9600, 8400))
    start, end = (datetime.fromtimestamp(at, UTC).isoformat() for at in moments)
    await opened(page, address, f"/?{urlencode({'from': start, 'to': end})}")
    await expect(page.locator(".figure", has_text="Alerts then")).to_contain_text("1acme")
    await expect(page.locator("tr:has(.badge)")).to_have_attribute("data-track", "acme")
    await opened(page, address, "/")
    await expect(page.locator(".figure", has_text="Alerts under way")).to_contain_text("1globex")
    await expect(page.locator("tr:has(.badge)")).to_have_attribute("data-track", "globex")


async def test_where_nobody_watches_nothing_is_called_usual(
    page: Page, address: str, counted: redis.asyncio.Redis
) -> None:
    under_way = page.locator(".figure", has_text="Alerts under way")
    await opened(page, address, "/")
    await expect(under_way).to_contain_text("never watched")
    memory = WatchMemory(counted, AlertLayout(Store.layout.namespace))
    assert await memory.take()
    await memory.recall(AlertPolicy())
    await memory.fix(int(time.time()) - 600, Lifecycle(AlertPolicy()), [])
    await opened(page, address, "/")
    await expect(under_way).to_contain_text("all as usual")
    await memory.give_back()
    await opened(page, address, "/")
    await expect(under_way).to_contain_text("not watched since")
    await opened(page, address, "/?track=acme")
    await expect(page.get_by_text("Not watched since")).to_be_visible()


def shown(post: Prediction) -> ExamplePost:
    """A post as an alert names it."""
    return ExamplePost(
        post_id=post.post_id,
        platform=post.platform,
        created_at=post.created_at,
        label=post.sentiment.label,
        probability=max(post.sentiment.probs),
    )
