"""How often the event loop comes round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Counts as long as nothing holds the loop."""

    def __init__(self) -> None:
        self.taken = 0

    async def take(self) -> None:
        while True:
            self.taken += 1
            await asyncio.sleep(0)


@asynccontextmanager
async def turns_taken() -> AsyncIterator[Turns]:
    """Turns that are taken while the body runs; a body that holds the loop leaves none."""
    turns = Turns()
    task = asyncio.create_task(turns.take())
    yield turns
    task.cancel()
