"""Long work of one request, cut so that others have their turns."""

import asyncio
import time
from typing import Final

LONGEST_S: Final = 0.01


class Turns:
    """Turns of one task; the first begins when this is made."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def next(self) -> None:
        """Let other tasks run, once this one has for ten milliseconds."""
        if time.perf_counter() - self._since > LONGEST_S:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
