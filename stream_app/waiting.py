"""Posts between the agent that brings them and the stage that takes them a batch at a time.

Not for when a batch is due, nor for how much may wait: that is `core.flow`, which this lets people
wait for.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Generic

from stream_app.core.batching import Item
from stream_app.core.flow import Flow


class WaitingPosts(Generic[Item]):
    """Decoded posts that wait for their batch.

    Args:
        flow: says when there is room, and when a batch is due.
        monotonic: seconds that never go back.
    """

    def __init__(self, flow: Flow[Item], monotonic: Callable[[], float]) -> None:
        self._flow = flow
        self._monotonic = monotonic
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._flow)

    async def room(self) -> None:
        """Wait until few enough wait."""
        await self._room.wait()

    def add(self, items: Collection[Item]) -> None:
        """Let posts wait, in the order of their offsets within each partition."""
        self._flow.add(items, self._monotonic())
        self._tell()

    def batch_done(self) -> None:
        """A batch is not under way any more, so that the next may be due."""
        self._changed.set()

    async def next_batch(self) -> tuple[list[Item], float]:
        """Wait for the next batch, held from then on; its posts, and how long the first waited."""
        while True:
            self._changed.clear()
            due_in_s = self._flow.due_in_s(self._monotonic())
            if due_in_s is not None and due_in_s <= 0:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), due_in_s)
        items, since_s = self._flow.take()
        self._tell()
        return items, self._monotonic() - since_s

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._flow.clear()
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        if self._flow.has_room:
            self._room.set()
        else:
            self._room.clear()
