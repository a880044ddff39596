"""The dashboard in a real Chromium: it loads, follows, drills down, and outlives trouble."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis.asyncio
from playwright.async_api import Page, Route, expect

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.prevalence.quantifier import SHIPPED, read_quantifier
from connectors.schemas.labels import SENTIMENTS
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


async def test_where_conversations_were_shed_their_tracks_say_so(
    page: Page, address: str, counted: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = time.time()
    await count(
        counted, [predict(300 + at, ["initech"], now - at, stands_for=4) for at in range(5)]
    )
    await opened(page, address, "/")
    marks = page.locator(".badge.sampled")
    await expect(marks).to_have_count(1)
    await expect(page.locator("tr[data-track=initech] .badge.sampled")).to_have_text(
        "SAMPLED 1 IN 4"
    )
    await expect(marks).to_have_attribute("title", "5 posts were scored and stand for 20")
    await opened(page, address, "/?view=compare")
    await expect(page.locator("tr", has_text="initech").locator(".sampled")).to_have_count(1)
    await opened(page, address, "/?track=initech")
    await expect(marks).to_have_text("SAMPLED 1 IN 4")
    voices = page.locator(".figure", has_text="Conversations").locator("dd")
    await expect(voices).to_contain_text(re.compile("^at least"))
    await expect(page.locator("table.splits")).to_contain_text("At least Voices")
    await opened(page, address, "/?track=acme")
    await expect(marks).to_have_count(0)


async def test_voices_of_a_longer_time_than_the_posts_do_not_stand_beside_them(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    """Ten minutes of two days ago: minutes are gone, and voices of platforms are kept by days."""
    hour = (time.time() - 47 * 3600) // 3600 * 3600
    await count(counts, [predict(at, ["acme"], hour + 600 + at) for at in range(5)])
    start, end = (datetime.fromtimestamp(hour + at, UTC).isoformat() for at in (600, 1200))
    span = urlencode({"track": "acme", "from": start, "to": end})
    await opened(page, address, f"/?{span}")
    figure = page.locator(".figure", has_text="Conversations")
    await expect(figure.locator("dd")).to_have_text(re.compile("^\N{EN DASH}"))
    await expect(figure).to_contain_text("less is not kept")
    splits = page.locator("table.splits")
    await expect(splits.locator("caption")).to_contain_text("less is not kept")
    await expect(splits.locator("caption")).to_contain_text("Voices are kept of")
    await expect(splits).not_to_contain_text("conv.")
    whole = urlencode({"track": "acme", "range": "7d"})
    await opened(page, address, f"/?{whole}")
    await expect(figure).to_contain_text("≈")
    await expect(splits).to_contain_text("conv.")


async def test_a_span_whose_window_before_has_gone_moved_by_nothing(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    """Twelve hours that began 47 hours ago, by minutes, which are kept for 48 hours."""
    first = time.time() - 47 * 3600
    await count(counts, [predict(at, ["acme"], first + 600 * at) for at in range(66)])
    moments = (first, first + 11 * 3600)
    start, end = (datetime.fromtimestamp(at, UTC).isoformat() for at in moments)
    await opened(page, address, "/?" + urlencode({"track": "acme", "from": start, "to": end}))
    for name in ("Posts", "Moved by"):
        await expect(page.locator(".figure", has_text=name).first).to_contain_text(
            "the window before is not kept"
        )


async def test_of_many_languages_the_rest_is_counted(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    languages = ["en", "de", "fr", "es", "it", "nl", "pl", "pt"]
    posts = [
        replace(predict(at, ["acme"], time.time()), lang=lang) for at, lang in enumerate(languages)
    ]
    await count(counts, posts)
    await opened(page, address, "/?track=acme")
    await expect(page.locator("table.splits")).to_contain_text("and 2 more")


@pytest.mark.usefixtures("counted")
async def test_a_share_of_voice_is_said_as_the_table_has_it(page: Page, address: str) -> None:
    """Of the tracks that are chosen, also where there are others."""
    await opened(page, address, "/?view=compare&with=globex")
    await expect(page.get_by_role("img", name="Share of voice: globex 100%")).to_be_visible()


async def test_names_are_no_formulas_of_a_spreadsheet(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await count(counts, [predict(1, ["=1+1"], time.time())])
    await opened(page, address, "/?view=compare")
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save the figures as CSV").click()
    path = await (await saved.value).path()
    text = await asyncio.to_thread(path.read_text)
    assert text.startswith('"start_unix","\'=1+1 posts"')


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


async def test_a_corrected_share_says_its_level_and_where_it_was_learned(
    page: Page, options: ApiOptions, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    quantifier = read_quantifier(SHIPPED, SENTIMENTS)
    now = time.time()
    await count(
        counts,
        [
            predict(
                at,
                ["acme"],
                now - at,
                sentiment=at % 3,
                model_version=quantifier.fit.model_version,
            )
            for at in range(90)
        ],
    )
    server = ApiServer(replace(options, quantifier=quantifier), "127.0.0.1", 0)
    async with server.beside():
        await opened(page, server.url, "/?track=acme")
        figure = page.locator(".figure", has_text="Negative")
        await expect(figure).to_contain_text("90% interval")
        await expect(page.locator(".correction")).to_contain_text(quantifier.notes[0])
        await page.close()


async def test_from_tenfold_on_a_change_of_posts_is_told_as_how_many_times(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [predict(at, ["acme"], now - 600 - at) for at in range(30)]
    posts += [predict(100 + at, ["globex"], now - 600 - at) for at in range(9)]
    posts += [predict(200 + at, [track], now - 5400) for at, track in enumerate(["acme", "globex"])]
    await count(counts, posts)
    await opened(page, address, "/")
    rows = page.locator("tr[data-track] .posts .small")
    await expect(rows).to_have_text(["\u00d730 posts", "+800% posts"])


async def test_a_change_stands_with_its_interval_and_whether_it_is_chance(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = time.time()
    before = [predict(at, ["acme"], now - 3700 - 30 * at, sentiment=2) for at in range(100)]
    since = [predict(100 + at, ["acme"], now - 30 * at, sentiment=0) for at in range(100)]
    await count(counts, before + since)
    await opened(page, address, "/")
    change = page.locator("tr[data-track=acme] .change")
    await expect(change.locator(".down")).to_contain_text("2.00")
    await expect(change).to_contain_text("more than chance")
    await opened(page, address, "/?track=acme")
    await expect(page.locator(".figure", has_text="Moved by")).to_contain_text("more than chance")


async def test_turns_of_conversations_are_told(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [
        predict(at, ["acme"], now - at, sentiment=0 if at < 3 else 2, previous="positive")
        for at in range(10)
    ]
    await count(counts, posts)
    await opened(page, address, "/?track=acme")
    turned = page.locator(".turns tr", has_text="Positive to negative")
    await expect(turned).to_contain_text("30%")
    await expect(turned).to_contain_text("3 of 10 that follow")
    scored = await turned.locator("td").inner_text()
    sampled = [
        predict(
            20 + at,
            ["globex"],
            now - at,
            sentiment=0 if at < 3 else 2,
            previous="positive",
            stands_for=4,
        )
        for at in range(10)
    ]
    await count(counts, sampled)
    await opened(page, address, "/?track=globex")
    await expect(turned).to_contain_text("12 of 40 that follow")
    assert (await turned.locator("td").inner_text()).split("\n")[0] == scored.split("\n")[0]


@pytest.mark.usefixtures("counted")
async def test_figures_and_charts_can_be_taken_along(
    page: Page, address: str, tmp_path: Path
) -> None:
    await opened(page, address, "/?track=acme")
    async with page.expect_download() as csv:
        await page.get_by_role("button", name="Save the figures as CSV").click()
    await (await csv.value).save_as(tmp_path / "acme.csv")
    lines = (tmp_path / "acme.csv").read_text().splitlines()
    assert lines[0].startswith("start,start_unix,posts,negative")
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == 60
    async with page.expect_download() as png:
        await page.get_by_role("button", name="Save the sentiment chart as PNG").click()
    await (await png.value).save_as(tmp_path / "acme.png")
    image = (tmp_path / "acme.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 10_000


@pytest.mark.usefixtures("counted")
async def test_joined_points_keep_posts_and_have_the_interval_of_the_api(
    page: Page, address: str
) -> None:
    await opened(page, address, "/")
    joined = await page.evaluate(
        """async () => {
            const { LiveSeries, wilson } = await import("/assets/series.js");
            const asked = "/api/v1/trends/acme?window=1h&resolution=10s";
            const answer = await (await fetch(asked)).json();
            const pooled = new LiveSeries(answer).pooled();
            return [pooled.step, pooled.sums().posts, answer.total.posts, answer.total,
                    wilson(answer.total.sentiment.negative, answer.total.posts)];
        }"""
    )
    step, posts, expected, total, interval = joined
    assert step > 10
    assert posts == expected
    assert interval == pytest.approx(total["sentiment_shares"]["negative"])


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
