"""A real server over a real Valkey, and a real Chromium that shows its dashboard."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import redis.asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.redis_connection import RedisConnection
from deploy.local.processes import ServerProcess
from deploy.local.valkey import STOP_S, start_valkey, wait_for_valkey
from tests.browser.chromium import REMEDY, chromium_path, started_chromium
from tests.browser.visiting import LAYOUT, count
from tests.conftest import PredictionMaker

COMPLAINTS = {"error", "warning"}


class Store:
    """A Valkey of one test, which can be stopped and started again."""

    layout = LAYOUT

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = self._started(None)
        self.connection = RedisConnection(f"redis://127.0.0.1:{self._process.port}/0")

    def stop(self) -> None:
        self._process.stop(STOP_S)

    def start(self) -> None:
        self._process = self._started(self._process.port)

    def _started(self, port: int | None) -> ServerProcess:
        process = start_valkey(self._folder, port)
        wait_for_valkey(process, self._folder)
        return process


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def counts(store: Store) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of the store, to count with."""
    async with store.connection.open() as client:
        yield client


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


@pytest.fixture
def options(store: Store) -> ApiOptions:
    return ApiOptions(redis=store.connection, layout=store.layout)


@pytest_asyncio.fixture(loop_scope="session")
async def address(options: ApiOptions) -> AsyncIterator[str]:
    """Where the dashboard is."""
    server = ApiServer(options, "127.0.0.1", 0)
    async with server.beside():
        yield server.url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = chromium_path()
    if found is None:
        pytest.skip(REMEDY)
    async with started_chromium(found) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser's window in English, wide as a desk's."""
    context = await browser.new_context(
        locale="en-GB",
        timezone_id="Europe/Berlin",
        viewport={"width": 1280, "height": 900},
        color_scheme="light",
    )
    yield context
    await context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about; a test that expects none says so at its end."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, complaints: list[str]) -> Page:
    def heard(message: ConsoleMessage) -> None:
        if message.type in COMPLAINTS:
            complaints.append(message.text)

    page = await context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page
