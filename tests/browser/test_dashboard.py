"""The dashboard in a real Chromium: it loads, follows, drills down, and outlives trouble."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import redis.asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from connectors.alerts.layout import AlertLayout
from connectors.alerts.lifecycle import Lifecycle
from connectors.alerts.memory import WatchMemory
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.store import AlertStore
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
from connectors.http.tokens import parse_tokens
from connectors.prevalence.quantifier import SHIPPED, read_quantifier
from connectors.schemas.alert import Evidence, ExamplePost, ModalityPart, Word, WordsCounted
from connectors.schemas.kept_post import record_of
from connectors.schemas.labels import SENTIMENTS
from connectors.schemas.prediction import Prediction
from connectors.trends.sink import TrendSink
from tests.browser.conftest import Store
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import make_alert

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

FIELD = "posts@id-1:0"
LIVE_WITHIN_MS = 2000
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
PATHS = ("/", "/?track=acme", "/?view=compare")
# rows of the overview that are shown as just counted, as they come
REMEMBER_FRESH = """() => {
  window.fresh = [];
  document.querySelector("#live").classList.remove("beat");
  const added = (own) => own.matches?.("tr.fresh") && window.fresh.push(own.dataset.track);
  const seen = (changes) => changes.forEach((change) => change.addedNodes.forEach(added));
  new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
}"""


async def count(client: redis.asyncio.Redis, posts: Sequence[Prediction]) -> None:
    await TrendSink(client, Store.layout).apply({FIELD: posts})


@pytest_asyncio.fixture(loop_scope="session")
async def counted(counts: redis.asyncio.Redis, predict: PredictionMaker) -> redis.asyncio.Redis:
    """A store with two tracks that have an hour behind them."""
    now = time.time()
    posts = [
        predict(at, ["acme"], now - 45 * at, sentiment=at % 3, emotion=at % 7) for at in range(60)
    ]
    posts += [predict(100 + at, ["globex"], now - 200 * at, sentiment=2) for at in range(12)]
    await count(counts, posts)
    return counts


async def opened(page: Page, address: str, path: str) -> None:
    await page.goto(address + path)
    await expect(page.locator("#view")).to_have_attribute("aria-busy", "false")


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
    await count(counts, [predict(0, ["acme"], now - 3000), predict(1, ["globex"], now)])
    store = AlertStore(counts, AlertLayout(Store.layout.namespace))
    over = {"state": "ended", "ended_at": now - 2700}
    await store.put(make_alert("acme", now - 3000).model_copy(update=over))
    await store.put(make_alert("globex", now))
    moments = (now - ago for ago in (3600, 2800))
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


def asked_span(url: str) -> tuple[float, float]:
    """The moments that an address holds, Unix seconds."""
    query = parse_qs(urlsplit(url).query)
    start, end = (datetime.fromisoformat(query[name][0]).timestamp() for name in ("from", "to"))
    return start, end


def shown(post: Prediction) -> ExamplePost:
    """A post as an alert names it."""
    return ExamplePost(
        post_id=post.post_id,
        platform=post.platform,
        created_at=post.created_at,
        label=post.sentiment.label,
        probability=max(post.sentiment.probs),
    )


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


@pytest.mark.usefixtures("counted")
async def test_a_guarded_server_asks_for_a_token_once(page: Page, options: ApiOptions) -> None:
    secret = "s" * 20
    guarded = ApiServer(replace(options, tokens=parse_tokens(f"read:{secret}")), "127.0.0.1", 0)
    async with guarded.beside():
        await page.goto(guarded.url)
        await page.get_by_role("textbox", name="Token").fill(secret)
        await page.get_by_role("button", name="Go on").click()
        await expect(page.locator("tr[data-track]")).to_have_count(2)
        await expect(page.locator("#live")).to_have_text("Live")
        await page.reload()
        await expect(page.locator("tr[data-track]")).to_have_count(2)
        await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("counted")
async def test_it_can_be_read_by_everybody(page: Page, address: str, scheme: str) -> None:
    """axe-core finds nothing: names, roles, order of headings, contrast of text."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in PATHS:
        await opened(page, address, path)
        found = await Axe().run(page, options={"resultTypes": ["violations"]})
        said = [
            f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]
        ]
        assert said == [], path


@pytest.mark.parametrize(("width", "height"), [(360, 740), (3840, 2160)])
@pytest.mark.usefixtures("counted")
async def test_nothing_is_cut_off_on_a_phone_or_a_wall(
    page: Page, address: str, width: int, height: int
) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    for path in PATHS:
        await opened(page, address, path)
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


@pytest.mark.usefixtures("counted")
async def test_it_can_be_used_by_keys_alone(page: Page, address: str) -> None:
    await opened(page, address, "/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
    reached = set()
    for _ in range(25):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Overview", "Compare", "1 h", "Posts", "acme", "globex"} <= reached
