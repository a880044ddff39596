"""The dashboard in a real Chromium: it loads, follows, drills down, and outlives trouble."""

import re
import time

import pytest
import redis.asyncio
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Store
from tests.browser.visiting import count, opened
from tests.conftest import PredictionMaker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

LIVE_WITHIN_MS = 2000


@pytest.mark.usefixtures("counted")
async def test_the_overview_lists_tracks_by_their_posts(
    page: Page, address: str, complaints: list[str]
) -> None:
    await opened(page, address, "/")
    rows = page.locator("tr[data-track]")
    assert await rows.evaluate_all("rows => rows.map(row => row.dataset.track)") == [
        "acme",
        "globex",
    ]
    await expect(rows.nth(1).locator(".posts .value")).to_have_text("12")
    await expect(rows.nth(1).locator(".netcell .value")).to_have_text("+1.00")
    await expect(page.locator("#live")).to_have_text("Live")
    assert complaints == []


async def test_a_post_that_is_counted_shows_within_two_seconds(
    page: Page, address: str, counted: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await opened(page, address, "/")
    await expect(page.locator("#live")).to_have_text("Live")
    posts = page.locator("tr[data-track=globex] .posts .value")
    await expect(posts).to_have_text("12")
    await count(counted, [predict(200, ["globex"], time.time(), sentiment=0)])
    await expect(posts).to_have_text("13", timeout=LIVE_WITHIN_MS)
    await opened(page, address, "/?track=globex")
    figure = page.locator(".figure", has_text="Posts").locator("dd").first
    await expect(figure).to_contain_text("13")
    await expect(page.locator("#live")).to_have_text("Live")
    await count(counted, [predict(201, ["globex"], time.time(), sentiment=0)])
    await expect(figure).to_contain_text("14", timeout=LIVE_WITHIN_MS)


@pytest.mark.usefixtures("counted")
async def test_nothing_moves_for_who_wants_less_motion(page: Page, address: str) -> None:
    moving = """() => {
      document.querySelector("tr[data-track]").classList.add("fresh");
      document.querySelector("#live").classList.add("beat");
      const all = [...document.querySelectorAll("*")];
      const names = new Set(all.map((own) => getComputedStyle(own).animationName));
      return [...names].filter((name) => name !== "none").sort();
    }"""
    await opened(page, address, "/")
    await expect(page.locator("#live")).to_have_text("Live")
    assert await page.evaluate(moving) == ["beat", "fresh"]
    await page.emulate_media(reduced_motion="reduce")
    assert await page.evaluate(moving) == []


@pytest.mark.usefixtures("counted")
async def test_from_the_overview_down_to_a_moment_and_back(
    page: Page, address: str, complaints: list[str]
) -> None:
    await opened(page, address, "/?range=15m")
    await page.get_by_role("link", name="acme").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("acme")
    assert "track=acme" in page.url
    assert "range=15m" in page.url
    await expect(page.get_by_role("img", name="Sentiment of acme")).to_be_visible()
    chart = page.get_by_role("img", name="Sentiment of acme")
    await chart.focus()
    moments = set()
    for _ in range(6):
        await chart.press("ArrowLeft")
        moments.add(await page.locator(".picked").inner_text())
    assert len(moments) == 6
    assert any(re.search(r": [1-9]\d* posts, ", moment) for moment in moments)
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Opinion now")
    assert complaints == []


@pytest.mark.usefixtures("counted")
async def test_tracks_are_compared_and_the_choice_is_in_the_address(
    page: Page, address: str, complaints: list[str]
) -> None:
    await opened(page, address, "/?view=compare")
    await expect(page.locator("tbody tr", has_text="acme").last).to_contain_text("83%")
    await page.get_by_role("button", name="acme").click()
    await expect(page.locator("tbody tr", has_text="globex").last).to_contain_text("100%")
    assert "with=globex" in page.url
    assert complaints == []


async def test_it_says_that_redis_is_away_and_goes_on_when_it_is_back(
    page: Page, address: str, store: Store, counted: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await opened(page, address, "/")
    await expect(page.locator("#live")).to_have_text("Live")
    store.stop()
    await expect(page.locator("#live")).to_have_text("Redis is away", timeout=20_000)
    assert await page.locator("tr[data-track]").count() == 2  # what was known stays
    store.start()
    await expect(page.locator("#live")).to_have_text("Live", timeout=20_000)
    await count(counted, [predict(300, ["globex"], time.time())])
    await expect(page.locator("tr[data-track=globex] .posts .value")).to_have_text(
        "13", timeout=10_000
    )


@pytest.mark.usefixtures("counted")
async def test_a_track_that_has_no_place_in_the_overview_is_shown_whole(
    page: Page, address: str
) -> None:
    """Where there are over five hundred, or here more than one."""

    async def of_one(route: Route) -> None:
        await route.continue_(url=route.request.url.replace("limit=500", "limit=1"))

    await page.route("**/leaderboard?*", of_one)
    await opened(page, address, "/")
    await expect(page.locator("tr[data-track]")).to_have_count(1)
    await expect(page.locator("tbody tr").last).to_contain_text("the first 1 of 2 tracks")
    await opened(page, address, "/?track=globex")
    figure = page.locator(".figure", has_text="Net sentiment").locator("dd")
    await expect(figure).to_contain_text("95% interval")
    await opened(page, address, "/?view=compare&with=globex&with=acme")
    chosen = page.locator(".chip[aria-pressed=true]")
    await expect(chosen).to_have_text(["acme", "globex"])


async def test_nothing_yet_and_no_such_track_are_said(page: Page, address: str) -> None:
    await opened(page, address, "/")
    await expect(page.get_by_role("heading", name="No track has a post yet")).to_be_visible()
    await opened(page, address, "/?track=nobody")
    await expect(page.get_by_role("heading", name="No such track")).to_be_visible()


async def test_the_first_post_appears_on_an_empty_page(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await opened(page, address, "/")
    await expect(page.locator("#live")).to_have_text("Live")
    await count(counts, [predict(0, ["first"], time.time())])
    await expect(page.locator("tr[data-track=first]")).to_be_visible(timeout=5000)
