"""Tells when a broker sends a consumer back: what it would read on from is not there any more.

Kafka then gives a topic of the same name from its beginning: one that was made again, or one that
lost its end. Offsets say nothing of which it is, and those of a new topic may soon go on where the
old one ended. Seeks of one's own are no fall: they are told here.
"""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock


class Falls:
    """How far a consumer has read, by partition; seeks may come from another thread."""

    def __init__(self) -> None:
        self._floors: dict[Hashable, int] = {}
        self._fallen: set[Hashable] = set()
        self._seeks = 0  # begun or ended
        self._under_way = 0
        self._lock = Lock()

    @contextmanager
    def seeking(self, to: Mapping[Hashable, int] | None = None) -> Iterator[None]:
        """It is sent elsewhere on purpose inside: what is fetched meanwhile tells nothing.

        Args:
            to: offset by partition; None: in all of them to wherever its group has got.
        """
        with self._lock:
            self._seeks += 1
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._seeks += 1
                self._under_way -= 1
                if to is None:
                    self._floors.clear()
                else:
                    for partition, offset in to.items():
                        self._floors[partition] = min(offset, self._floors.get(partition, offset))

    def clear(self) -> None:
        """Forget all: partitions were assigned anew."""
        with self.seeking():
            self._fallen.clear()

    def seeks(self) -> int:
        """How often one was begun or ended; ask before a fetch."""
        return self._seeks

    def fetched(self, partition: Hashable, before: int, after: int, seeks: int) -> bool:
        """Take note of one fetch; whether the partition has fallen, in it or before.

        Args:
            partition: which.
            before: the consumer's position when it began.
            after: its position then.
            seeks: how many there had been when it began.
        """
        with self._lock:
            if seeks == self._seeks and not self._under_way:
                if before < self._floors.get(partition, 0):
                    self._fallen.add(partition)
                self._floors[partition] = after
        return partition in self._fallen

    def fallen(self, partition: Hashable) -> bool:
        """Whether the broker sent it back since it was assigned."""
        return partition in self._fallen
