"""How many downloads run at once, in all and from one host. Not for what they fetch."""

from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class HostSlots:
    """Bounds what runs at once.

    Args:
        total: at once in all.
        per_host: at once from one host; who waits for one holds no place of the total.
    """

    def __init__(self, total: int, per_host: int) -> None:
        self._total = Semaphore(total)
        self._per_host = per_host
        self._hosts: dict[str, Semaphore] = {}
        self._users: Counter[str] = Counter()

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[None]:
        """Hold a place while the block runs."""
        slots = self._hosts.setdefault(host, Semaphore(self._per_host))
        self._users[host] += 1
        try:
            async with slots, self._total:
                yield
        finally:
            self._users[host] -= 1
            if not self._users[host]:
                del self._users[host], self._hosts[host]
