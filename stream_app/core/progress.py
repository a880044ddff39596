"""How far each partition is done and how far that is committed.

A commit counts only when the broker took it; what was not taken is offered again.
"""

from collections.abc import Collection, Mapping


class Progress:
    """Offsets done and committed, by partition; an offset here is the next one to read."""

    def __init__(self) -> None:
        self._started: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._committed: dict[int, int] = {}

    def start(self, partition: int, offset: int) -> None:
        """A partition begins at an offset; nothing of it is done by this worker yet.

        A batch that outlived its revocation may have been told as done since; it may come again.
        """
        self._started[partition] = offset
        self._done.pop(partition, None)

    def position(self, partition: int) -> int | None:
        """Offset after the last post that is done; None before the partition was started."""
        return self._done.get(partition, self._started.get(partition))

    def done(self, partition: int, next_offset: int) -> None:
        """All offsets below `next_offset` are delivered and counted.

        Raises:
            ValueError: the partition was further already.
        """
        before = self._done.get(partition, 0)
        if next_offset < before:
            raise ValueError(f"partition {partition} was done up to {before}, not {next_offset}")
        self._done[partition] = next_offset

    def to_commit(self, assigned: Collection[int]) -> dict[int, int]:
        """Offsets of assigned partitions that the broker has not taken yet."""
        return {
            partition: offset
            for partition, offset in self._done.items()
            if partition in assigned and self._committed.get(partition) != offset
        }

    def committed(self, offsets: Mapping[int, int]) -> None:
        """The broker took these."""
        self._committed.update(offsets)

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._started.clear()
        self._done.clear()
        self._committed.clear()
