"""Which Chromium shows the dashboard."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

REMEDY = "no Chromium here: apt-get install chromium, or set CHROMIUM to one"


def chromium_path() -> str | None:
    """The one that CHROMIUM names, else the system's; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@asynccontextmanager
async def started_chromium(path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()
