"""Posts between the agent that brings them and the stage that takes them a batch at a time.

Not for when a batch is due, nor for how much may wait: that is `core.flow` and `core.lanes`, which
this lets people wait for.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from stream_app.core.batching import Batched
from stream_app.core.flow import Flow
from stream_app.core.lanes import Laned, Lanes, Place


class Post(Batched, Laned, Protocol):
    """A decoded post."""


Item = TypeVar("Item", bound=Post)


class WaitingPosts(Generic[Item]):
    """Decoded posts that wait for their batch.

    Args:
        flow: says when there is room, and when a batch is due.
        monotonic: seconds that never go back.
        begin: begins what of a post takes long, see `Work`; the post is in no batch before that is
            done.
    """

    def __init__(
        self,
        flow: Flow[Item],
        monotonic: Callable[[], float],
        begin: "Callable[[Item], asyncio.Task[object] | None]",
    ) -> None:
        self._flow = flow
        self._monotonic = monotonic
        self._begin = begin
        self._lanes = Lanes[Item]()
        self._begun: set[asyncio.Task[object]] = set()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._lanes) + len(self._flow)

    def held_back(self, partition: int) -> bool:
        """Whether a partition waits for what was begun and is not done."""
        return self._lanes.hold_back(partition)

    async def room(self) -> None:
        """Wait until few enough wait."""
        await self._room.wait()

    def add(self, items: Collection[Item]) -> None:
        """Let posts wait, in the order of their offsets within each partition."""
        self._pass_on([item for item in items if self._goes_on(item)])

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

    async def clear(self) -> None:
        """Forget all, and end what was begun: the partitions were revoked."""
        self._flow.clear()
        self._lanes.clear()
        self._tell()
        begun = list(self._begun)
        for each in begun:
            each.cancel()
        await asyncio.gather(*begun, return_exceptions=True)

    def _goes_on(self, item: Item) -> bool:
        begun = self._begin(item)
        place = self._lanes.enter(item, ready=begun is None)
        if begun is not None and place is not None:
            self._begun.add(begun)
            begun.add_done_callback(partial(self._made_ready, place))
        return place is None

    def _made_ready(self, place: Place[Item], begun: "asyncio.Task[object]") -> None:
        self._begun.discard(begun)
        self._pass_on(self._lanes.made_ready(place))

    def _pass_on(self, items: Sequence[Item]) -> None:
        if items:
            self._flow.add(items, self._monotonic())
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        if self._flow.has_room and self._lanes.has_room:
            self._room.set()
        else:
            self._room.clear()
