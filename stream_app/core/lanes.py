"""Which posts may go on to a batch: each source partition's in the order of their offsets.

A post that is not ready, since its media are on their way, holds back those behind it in its
partition and no others. Not for making it ready, nor for batches. It knows no clock.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

PARKED_POSTS: Final = 8192
"""Where a post holds back others for 20 s, 400 of them a second still go on."""
PARKED_BYTES: Final = 64 * 1024 * 1024


class Laned(Protocol):
    """What goes through a lane."""

    @property
    def partition(self) -> int:
        """Source partition, whose order is kept."""

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""


Item = TypeVar("Item", bound=Laned)


@dataclass(slots=True)
class Place(Generic[Item]):
    """An item in its lane."""

    item: Item
    ready: bool


class Lanes(Generic[Item]):
    """Items that are not ready, and those behind them in their partition."""

    def __init__(self) -> None:
        self._lanes: dict[int, deque[Place[Item]]] = {}
        self._items = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._items

    @property
    def has_room(self) -> bool:
        """Whether more may come; all of a fetch, though it be more than there is room."""
        return self._items < PARKED_POSTS and self._bytes < PARKED_BYTES

    def hold_back(self, partition: int) -> bool:
        """Whether a partition waits for what is not ready: in its lane, or for room."""
        return partition in self._lanes or not self.has_room

    def enter(self, item: Item, *, ready: bool) -> Place[Item] | None:
        """Take an item, the next of its partition.

        Returns:
            Its place; None where nothing holds it back: it goes on at once.
        """
        if ready and item.partition not in self._lanes:
            return None
        place = Place(item, ready)
        self._lanes.setdefault(item.partition, deque()).append(place)
        self._items += 1
        self._bytes += item.size
        return place

    def made_ready(self, place: Place[Item]) -> list[Item]:
        """An item became ready, or was given up with `clear`; those that go on now, in order."""
        place.ready = True
        partition = place.item.partition
        lane = self._lanes.get(partition, deque())
        passed: list[Item] = []
        while lane and lane[0].ready:
            passed.append(lane.popleft().item)
        if not lane:
            self._lanes.pop(partition, None)
        self._items -= len(passed)
        self._bytes -= sum(item.size for item in passed)
        return passed

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._lanes.clear()
        self._items = self._bytes = 0
