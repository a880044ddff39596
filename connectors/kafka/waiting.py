"""Waiting for an effect with a deadline. Not for pacing: nothing here sleeps a fixed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(
    holds: Callable[[], Awaitable[bool]], *, within_s: float, every_s: float = 0.05
) -> bool:
    """Ask again until it holds or the time is over.

    Returns:
        Whether it held in time.
    """
    deadline = time.monotonic() + within_s
    while not await holds():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(every_s)
    return True
