"""Posts between the agent that brings them and the stage that takes them a batch at a time.

Not for when a batch is due: that is `core.batching`, which this lets people wait for.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Generic

from stream_app.core.batching import Item, MicroBatcher

WAITING_BATCHES = 4  # past it there is no room


class WaitingPosts(Generic[Item]):
    """Decoded posts that wait for their batch.

    Args:
        batcher: says what a batch is and when it is due.
        monotonic: seconds that never go back.
    """

    def __init__(self, batcher: MicroBatcher[Item], monotonic: Callable[[], float]) -> None:
        self._batcher = batcher
        self._monotonic = monotonic
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._batcher)

    async def room(self) -> None:
        """Wait until few enough wait."""
        await self._room.wait()

    def add(self, items: Iterable[Item]) -> None:
        """Let posts wait, in the order of their offsets within each partition."""
        self._batcher.add(items, self._monotonic())
        self._tell()

    def batch_done(self) -> None:
        """A batch is not under way any more, so that the next may be due."""
        self._changed.set()

    async def next_batch(self, busy: Callable[[], bool]) -> tuple[list[Item], float]:
        """Wait for the next batch; gives its posts, and how long the first of them waited.

        Args:
            busy: whether batches are under way.
        """
        while True:
            self._changed.clear()
            due_in_s = self._batcher.due_in_s(self._monotonic(), busy())
            if due_in_s is not None and due_in_s <= 0:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), due_in_s)
        items, since_s = self._batcher.take()
        self._tell()
        return items, self._monotonic() - since_s

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._batcher.clear()
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        if len(self._batcher) < WAITING_BATCHES * self._batcher.most:
            self._room.set()
        else:
            self._room.clear()
