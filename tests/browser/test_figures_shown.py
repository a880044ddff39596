"""Figures stand with what they are of, how sure they are, and whether anything is missing."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import redis.asyncio
from playwright.async_api import Page, expect

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.prevalence.quantifier import SHIPPED, read_quantifier
from connectors.schemas.labels import SENTIMENTS
from tests.browser.visiting import count, opened
from tests.conftest import PredictionMaker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


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
