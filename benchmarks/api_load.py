"""Loads of the HTTP API by one reader or many, and what they took. Not for what is asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import aiohttp

from stream_app.trial.percentiles import percentiles

ASK_EVERY_S: Final = 5.0
CANCEL_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One load.

    Attributes:
        load: what was done.
        readers: at once.
        answers: how many there were.
        failed: how many of them were no answer that was asked for.
        latency_ms: p50, p95 and p99.
        kib: of an answer on the wire, at the median.
        per_s: answers a second.
    """

    load: str
    readers: int
    answers: int
    failed: int
    latency_ms: dict[str, float | None]
    kib: float
    per_s: float


@dataclass(slots=True)
class Taken:
    """Latencies of a load as they come in."""

    latencies_ms: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    failed: int = 0

    def measurement(self, load: str, readers: int, seconds: float) -> Measurement:
        """What came in.

        Args:
            load: what was done.
            readers: at once.
            seconds: how long it lasted.
        """
        sizes = sorted(self.sizes) or [0]
        return Measurement(
            load=load,
            readers=readers,
            answers=len(self.latencies_ms) + self.failed,
            failed=self.failed,
            latency_ms=percentiles(self.latencies_ms),
            kib=round(sizes[len(sizes) // 2] / 1024, 1),
            per_s=round(len(self.latencies_ms) / seconds, 1),
        )


async def ask(
    session: aiohttp.ClientSession,
    seconds: float,
    path: Callable[[], str],
    pause_s: float,
    taken: Taken,
) -> None:
    """Ask for the whole answer again and again, with a pause after each."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.perf_counter()
        headers = {"Accept-Encoding": "gzip"}
        try:
            async with session.get(path(), headers=headers) as answer:
                body = await answer.read()
        except aiohttp.ClientError:
            taken.failed += 1
        else:
            taken.latencies_ms.append((time.perf_counter() - began) * 1000)
            taken.sizes.append(len(body))
            taken.failed += answer.status != HTTPStatus.OK
        await asyncio.sleep(pause_s)


async def ask_together(
    session: aiohttp.ClientSession,
    seconds: float,
    path: Callable[[], str],
    readers: int,
    taken: Taken,
) -> None:
    """Many readers, each of whom asks every five seconds, their turns spread evenly."""

    async def one(number: int) -> None:
        await asyncio.sleep(number / readers * ASK_EVERY_S)
        left_s = seconds - number / readers * ASK_EVERY_S
        await ask(session, left_s, path, ASK_EVERY_S, taken)

    await asyncio.gather(*(one(number) for number in range(readers)))


@contextlib.asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """With something done meanwhile, until the end; what it failed by is raised then."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():  # a client that waits may swallow a cancellation
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
    if not task.cancelled():
        task.result()
