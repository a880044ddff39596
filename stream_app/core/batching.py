"""When a batch is formed and of what: by size, by deadline, or at once when nothing is under way.

Where posts come slowly each is scored when it comes. Where they come faster than batches are done,
those that wait meanwhile are the next batch, so that batches grow with the load by themselves. It
knows no clock: who asks says what time it is.
"""

from collections import deque
from collections.abc import Collection
from typing import Generic, Protocol, TypeVar


class Batched(Protocol):
    """What is batched."""

    @property
    def cost(self) -> float:
        """How much of a batch it takes: 1 of one that is scored, less of one that is shed."""

    @property
    def generation(self) -> int:
        """Generation of the consumer group in which it was fetched."""


Item = TypeVar("Item", bound=Batched)


class MicroBatcher(Generic[Item]):
    """Items that wait for their batch, in the order they came.

    Args:
        most: cost of a batch: its items, where each costs 1.
        wait_s: longest wait of an item for others while batches are under way, seconds.

    Attributes:
        most: cost of a batch.
        cost: of all items that wait.
    """

    def __init__(self, most: int, wait_s: float) -> None:
        self.most = most
        self.cost = 0.0
        self._wait_s = wait_s
        self._waiting: deque[tuple[float, Item]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, items: Collection[Item], now_s: float) -> None:
        """Let items wait.

        Args:
            items: in the order of their offsets within each partition.
            now_s: monotonic seconds.
        """
        self._waiting.extend((now_s, item) for item in items)
        self.cost += sum(item.cost for item in items)

    def due_in_s(self, now_s: float, busy: bool) -> float | None:
        """Seconds until a batch is to be formed; 0 or less: now; None: nothing waits.

        Args:
            now_s: monotonic seconds.
            busy: whether batches are under way, so that waiting for more costs nothing.
        """
        if not self._waiting:
            return None
        if self.cost >= self.most or not busy:
            return 0.0
        return self._waiting[0][0] + self._wait_s - now_s

    def take(self) -> tuple[list[Item], float]:
        """The next batch, all of one generation, and when its first item came.

        Raises:
            IndexError: nothing waits.
        """
        since_s, first = self._waiting[0]
        items: list[Item] = []
        cost = 0.0
        while (
            self._waiting
            and cost < self.most
            and self._waiting[0][1].generation == first.generation
        ):
            _, item = self._waiting.popleft()
            items.append(item)
            cost += item.cost
        self.cost -= cost
        return items, since_s

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._waiting.clear()
        self.cost = 0.0
