"""Addresses of the dashboard: what they keep, and the way back."""

import re
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import redis.asyncio
from playwright.async_api import Page, expect

from tests.browser.visiting import asked_span, count, opened
from tests.conftest import PredictionMaker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

# rows of the overview that are shown as just counted, as they come
REMEMBER_FRESH = """() => {
  window.fresh = [];
  document.querySelector("#live").classList.remove("beat");
  const added = (own) => own.matches?.("tr.fresh") && window.fresh.push(own.dataset.track);
  const seen = (changes) => changes.forEach((change) => change.addedNodes.forEach(added));
  new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.mark.usefixtures("counted")
async def test_what_is_shown_anew_is_no_further_step_of_the_way_back(
    page: Page, address: str
) -> None:
    """As after Redis was away; here by a click on the order that there is."""
    await opened(page, address, "/")
    steps = await page.evaluate("history.length")
    async with page.expect_response("**/api/v1/leaderboard?*"):
        await page.get_by_role("button", name="Posts").click()
    assert await page.evaluate("history.length") == steps
    await page.get_by_role("button", name="Track").click()
    await expect(page).to_have_url(re.compile("sort=track"))
    assert await page.evaluate("history.length") == steps + 1


@pytest.mark.usefixtures("counted")
async def test_a_link_shows_the_same_view_again(page: Page, address: str) -> None:
    await opened(page, address, "/")
    await page.get_by_role("button", name="24 h").click()
    await page.get_by_role("button", name="Net sentiment", exact=True).click()
    await expect(page.locator("th[aria-sort]")).to_have_text("Net sentiment")
    kept = page.url
    other = await page.context.new_page()
    await other.goto(kept)
    await expect(other.locator("th[aria-sort]")).to_have_text("Net sentiment")
    pressed = other.locator(".choice button[aria-pressed=true]")
    await expect(pressed).to_have_text("24 h")
    rows = other.locator("tr[data-track]")
    await expect(rows.first).to_have_attribute("data-track", "globex")


async def test_a_link_keeps_from_when_to_when_while_time_goes_on(
    page: Page, address: str, counted: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await opened(page, address, "/?track=acme")
    await page.locator(".dates summary").click()
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    for name, ago in (("From", 40), ("To", 10)):
        moment = now - timedelta(minutes=ago)
        await page.get_by_label(name, exact=True).fill(moment.strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator(".dates summary")).not_to_have_text("Dates")
    await expect(page.locator("#view")).to_have_attribute("aria-busy", "false")
    start, end = asked_span(page.url)
    assert end - start == 1800
    dates = await page.locator(".dates summary").inner_text()
    days = {datetime.fromtimestamp(own, now.tzinfo).date() for own in (start, end)}
    assert len(re.findall(f"{now:%b}", dates)) == len(days)
    figure = page.locator(".figure", has_text="Posts").locator("dd").first
    shown = await figure.inner_text()
    assert 35 <= int(shown.split()[0]) <= 42  # one of acme every 45 s
    await expect(page.locator("#live")).to_have_text("Live")
    await count(counted, [predict(400, ["acme"], time.time())])
    await opened(page, address, "/?" + urlsplit(page.url).query)
    assert await figure.inner_text() == shown
    async with page.expect_response(lambda answer: "/api/v1/stream" in answer.url):
        await page.get_by_role("link", name="All tracks", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Opinion then")
    await page.evaluate(REMEMBER_FRESH)
    await count(counted, [predict(401, ["acme"], time.time())])
    await expect(page.locator("#live")).to_have_class(re.compile("beat"))  # it was told of it
    assert await page.evaluate("window.fresh") == []
    await page.get_by_role("button", name="1 h", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Opinion now")
    assert "from=" not in page.url
