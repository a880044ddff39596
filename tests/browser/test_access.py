"""Who can use the dashboard: with a token, by keys, on a phone, read aloud."""

from dataclasses import replace

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.http.tokens import parse_tokens
from tests.browser.visiting import opened

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

PATHS = ("/", "/?track=acme", "/?view=compare")


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
