"""What is saved from the dashboard: figures as a table, charts as pictures."""

import asyncio
import time
from pathlib import Path

import pytest
import redis.asyncio
from playwright.async_api import Page

from tests.browser.visiting import count, opened
from tests.conftest import PredictionMaker

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


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
