"""Takes the pictures of docs/dashboard.md from a demonstration: `make pictures`.

It starts `voxpop demo`, or takes one that runs, waits for its first alert and for enough minutes
behind it, and writes small PNGs of 256 colours: a quarter of an hour in all. No test.
"""

import argparse
import asyncio
import contextlib
import io
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import numpy as np
from PIL import Image
from playwright.async_api import Browser, Page, expect

from stream_app.demo.phrases import SWINGING, TOPICS
from stream_app.demo.run import SWING_S
from tests.browser.chromium import REMEDY, chromium_path, started_chromium

DOCS = Path("docs")
TRACK_AFTER_MIN = 5.0  # of the demonstration: later its alert's posts are no longer kept
RANGE_AFTER_MIN = 13.0  # most of the range of fifteen that the others show
STARTED_WITHIN_S = 180.0
ALERT_WITHIN_S = 600.0
EXPLAINED_WITHIN_MS = 240_000
ASK_EVERY_S = 1.0
COLOURS = 256
BETWEEN = 24  # pixels between two phones
PHONE = 500  # pixels of width that are no desk's
LATEST = "range=15m"
TRACK = f"/?track={SWINGING}&{LATEST}"
COMPARED = "".join(f"&with={topic.track}" for topic in TOPICS[:4])
Scheme = Literal["light", "dark"]


class Pictures:
    """Takes pictures of one dashboard.

    Args:
        browser: what shows it.
        url: where it is.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url

    async def take(self, began: float, alert: dict[str, Any]) -> None:
        """Take all, each when the demonstration has enough behind it.

        Args:
            began: when it did, Unix seconds.
            alert: of its first swing, just raised; the overview is of the minute of that.
        """
        since = int(alert["since"])
        await _until(since + SWING_S)
        _keep(await self._page(f"/?{_span(since, since + SWING_S)}", 1440, 900), "overview")
        await _until(began + 60 * TRACK_AFTER_MIN)
        track = f"/?track={SWINGING}&{_span(began, time.time())}"
        _keep(await self._page(track, 1440, 1780), "track")
        await _until(began + 60 * RANGE_AFTER_MIN)
        _keep(await self._page(f"/?view=compare&{LATEST}{COMPARED}", 1440, 1150), "compare")
        light = await self._page(f"/?{LATEST}", 390, 900)
        _keep(_beside(light, await self._page(TRACK, 390, 900, "dark")), "phone")
        wall = await self._page(f"/?{LATEST}", 2560, 1440, "dark")
        _keep(wall.resize((1280, 720), Image.Resampling.LANCZOS), "wall")
        _keep(await self._why(), "why")

    async def _page(
        self, path: str, width: int, height: int, scheme: Scheme = "light"
    ) -> Image.Image:
        async with self._opened(path, width, height, scheme) as page:
            return _image(await page.screenshot())

    async def _why(self) -> Image.Image:
        """An example post with the explanation of its score."""
        async with self._opened(TRACK, 1440, 1200, "light") as page:
            card = page.locator("li.card", has=page.locator(".explanation")).first
            await card.get_by_text("Why this score?").click()
            words = card.locator("p.words")
            again = card.get_by_role("button", name="Ask again")  # where the machine was too busy
            await page.add_locator_handler(again, lambda button: button.click())
            await expect(words).to_be_visible(timeout=EXPLAINED_WITHIN_MS)
            return _image(await card.screenshot(animations="disabled"))

    @contextlib.asynccontextmanager
    async def _opened(
        self, path: str, width: int, height: int, scheme: Scheme
    ) -> AsyncIterator[Page]:
        context = await self._browser.new_context(
            locale="en-GB",
            timezone_id="UTC",
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            is_mobile=width < PHONE,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        await page.goto(self._url + path)
        await expect(page.locator("#view")).to_have_attribute("aria-busy", "false")
        await expect(page.locator("#live")).to_have_text("Live")
        await page.evaluate("document.fonts.ready")
        yield page
        await context.close()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.time()))


def _span(start: float, end: float) -> str:
    """From when to when, as the address has it."""
    moments = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(own)) for own in (start, end))
    return "from={}&to={}".format(*moments)


def _image(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def _beside(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + BETWEEN + right.width, left.height), "white")
    both.paste(left)
    both.paste(right, (left.width + BETWEEN, 0))
    return both


def of_few_colours(image: Image.Image) -> Image.Image:
    """Half of the colours are the commonest, half those that are furthest from all others.

    Pillow's own ways shift the colour of the page, or lose that of a small mark.
    """
    pixels = np.asarray(image).reshape(-1, 3).astype(np.int32)  # [P, 3]
    codes = pixels @ np.array([1 << 16, 1 << 8, 1], np.int32)  # [P]
    codes, which, counts = np.unique(codes, return_inverse=True, return_counts=True)
    found = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)  # [N, 3]
    commonest = np.argsort(-counts)[: COLOURS // 2]
    nearest, distance = np.zeros(len(found), np.uint8), np.full(len(found), np.inf)
    palette: list[int] = []
    for at in range(min(COLOURS, len(found))):
        chosen = found[commonest[at] if at < len(commonest) else distance.argmax()]
        own = np.square(found - chosen).sum(1)
        nearest[own < distance], distance = at, np.minimum(distance, own)
        palette += chosen.tolist()
    few = Image.frombytes("P", image.size, nearest[which].tobytes())
    few.putpalette(palette)
    return few


def _keep(image: Image.Image, name: str) -> None:
    path = DOCS / f"dashboard-{name}.png"
    of_few_colours(image).save(path, optimize=True)
    size = f"{image.width} x {image.height}, {path.stat().st_size // 1024} KiB"
    sys.stdout.write(f"{path}: {size}\n")


async def _first_swing(url: str) -> tuple[float, dict[str, Any]]:
    """When the demonstration began, Unix seconds, and its first alert, once there is one."""
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30) as api:
        deadline = time.monotonic() + ALERT_WITHIN_S
        while time.monotonic() < deadline:
            alerts = (await api.get("/alerts")).raise_for_status().json()["alerts"]
            if found := [own for own in alerts if own["track"] == SWINGING]:
                asked = {"window": "1h", "resolution": "10s"}
                trend = (
                    (await api.get(f"/trends/{SWINGING}", params=asked)).raise_for_status().json()
                )
                began = next(bucket["start"] for bucket in trend["buckets"] if bucket["posts"])
                return began, found[-1]
            await asyncio.sleep(ASK_EVERY_S)
    raise SystemExit(f"{url}: no alert of {SWINGING} within {ALERT_WITHIN_S:.0f} s")


@contextlib.contextmanager
def _demonstration() -> Iterator[str]:
    """The address of a demonstration of its own, which ends with the body."""
    command = [sys.executable, "-m", "stream_app.cli.main", "demo"]
    with tempfile.NamedTemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + STARTED_WITHIN_S
            while "dashboard: " not in (said := Path(output.name).read_text()):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"voxpop demo does not start: {said}")
                time.sleep(ASK_EVERY_S)
            yield said.split("dashboard: ")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


async def _take(chromium: str, url: str) -> None:
    began, alert = await _first_swing(url)
    async with started_chromium(chromium) as browser:
        await Pictures(browser, url).take(began, alert)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="of the dashboard of a voxpop demo that has just begun")
    options = parser.parse_args()
    chromium = chromium_path()
    if chromium is None:
        raise SystemExit(REMEDY)
    running = contextlib.nullcontext(options.url) if options.url else _demonstration()
    with running as url:
        asyncio.run(_take(chromium, url))


if __name__ == "__main__":
    main()
