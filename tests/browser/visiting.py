"""What tests of the dashboard do and look at alike."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import redis.asyncio
from playwright.async_api import Page, expect

from connectors.schemas.prediction import Prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink

FIELD = "posts@id-1:0"
LAYOUT = TrendLayout("browser")


async def count(client: redis.asyncio.Redis, posts: Sequence[Prediction]) -> None:
    await TrendSink(client, LAYOUT).apply({FIELD: posts})


async def opened(page: Page, address: str, path: str) -> None:
    await page.goto(address + path)
    await expect(page.locator("#view")).to_have_attribute("aria-busy", "false")


def asked_span(url: str) -> tuple[float, float]:
    """The moments that an address holds, Unix seconds."""
    query = parse_qs(urlsplit(url).query)
    start, end = (datetime.fromisoformat(query[name][0]).timestamp() for name in ("from", "to"))
    return start, end
