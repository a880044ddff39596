"""What changes is drawn anew, however many tracks there are, and who uses keys keeps the place."""

import time

import pytest
import redis.asyncio
from playwright.async_api import Page, expect

from connectors.alerts.layout import AlertLayout
from connectors.alerts.store import AlertStore
from connectors.trends.sink import TrendSink
from tests.browser.conftest import Store
from tests.browser.visiting import FIELD
from tests.conftest import PredictionMaker
from tests.integration.http.conftest import make_alert

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

TRACKS = [f"track-{number:03}" for number in range(60)]
# rows that are put into the table, by their tracks
COUNT_ROWS = """() => {
  window.rows = [];
  const added = (own) => own.matches?.("tr[data-track]") && window.rows.push(own.dataset.track);
  const seen = (changes) => changes.forEach((change) => change.addedNodes.forEach(added));
  new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
}"""


async def test_rows_are_drawn_as_they_change_and_the_focus_stays(
    page: Page, address: str, counts: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    """Between two readings of the whole."""
    sink, now = TrendSink(counts, Store.layout), time.time()
    await sink.apply({FIELD: [predict(at, TRACKS, now - 60 * at) for at in range(5)]})
    await page.goto(address)
    await expect(page.locator("#live")).to_have_text("Live")
    await page.route("**/api/v1/leaderboard?*", lambda route: route.abort())
    focused = page.locator(f"tr[data-track={TRACKS[7]}] a")
    await focused.focus()
    await page.evaluate(COUNT_ROWS)
    await sink.apply({FIELD: [predict(10, TRACKS, time.time())]})
    for track in TRACKS:
        posts = page.locator(f"tr[data-track={track}] .posts .value")
        await expect(posts).to_have_text("6")
    # a new follower is told each track once, then each changed, and perhaps a minute began
    assert len(await page.evaluate("window.rows")) <= 4 * len(TRACKS)
    await expect(focused).to_be_focused()


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", f"tr[data-track={TRACKS[7]}] .name a:first-child"),
        ("/", f"tr[data-track={TRACKS[7]}] a.badge"),
        (f"/?view=compare&with={TRACKS[3]}&with={TRACKS[7]}", f"td a >> text={TRACKS[7]}"),
        (f"/?track={TRACKS[7]}", ".card.alert a"),
    ],
)
async def test_the_focus_outlives_a_drawing_anew(
    *,
    page: Page,
    address: str,
    counts: redis.asyncio.Redis,
    predict: PredictionMaker,
    path: str,
    link: str,
) -> None:
    sink, now = TrendSink(counts, Store.layout), time.time()
    await sink.apply({FIELD: [predict(at, TRACKS, now - 60 * at) for at in range(5)]})
    alerts = AlertStore(counts, AlertLayout(Store.layout.namespace))
    await alerts.put(make_alert(TRACKS[7], int(now)))
    await page.goto(address + path)
    await expect(page.locator("#live")).to_have_text("Live")
    focused = page.locator(link)
    await focused.focus()
    drawn = await focused.element_handle()
    await sink.apply({FIELD: [predict(10, TRACKS, time.time())]})
    await page.wait_for_function("(link) => !link.isConnected", arg=drawn)
    await expect(focused).to_be_focused()
