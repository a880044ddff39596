"""Tells when a broker sends a consumer back: what it would read on from is not there any more.

Kafka then gives a topic of the same name from its beginning: one that was made again, or one that
lost its end. Offsets say nothing of which it is, and those of a new topic may soon go on where the
old one ended. Seeks of one's own are no fall: they are told here.
"""

from threading import Lock


class Falls:
    """How far a consumer has read, by partition; seeks may come from another thread."""

    def __init__(self) -> None:
        self._floors: dict[int, int] = {}
        self._fallen: set[int] = set()
        self._seeks = 0
        self._lock = Lock()

    def sought(self, partition: int, offset: int) -> None:
        """It is sent to an offset on purpose; call it before."""
        with self._lock:
            self._seeks += 1
            self._floors[partition] = min(offset, self._floors.get(partition, offset))

    def sought_anywhere(self) -> None:
        """It is sent to wherever its group has got, in all partitions; call it before."""
        with self._lock:
            self._seeks += 1
            self._floors.clear()

    def clear(self) -> None:
        """Forget all: partitions were assigned anew."""
        self.sought_anywhere()
        self._fallen.clear()

    def seeks(self) -> int:
        """How many seeks there were; ask before a fetch."""
        return self._seeks

    def fetched(self, partition: int, before: int, after: int, seeks: int) -> bool:
        """Take note of one fetch; whether the partition has fallen, in it or before.

        Args:
            partition: which.
            before: the consumer's position when it began.
            after: its position then.
            seeks: how many there had been when it began.
        """
        with self._lock:
            if before < self._floors.get(partition, 0):
                self._fallen.add(partition)
            if seeks == self._seeks:
                self._floors[partition] = after
        return partition in self._fallen

    def fallen(self, partition: int) -> bool:
        """Whether the broker sent it back since it was assigned."""
        return partition in self._fallen
