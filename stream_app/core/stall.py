"""Notices a partition that stands still although the broker has more for it.

A hole at the tail has no later record to reveal it, so the next offset is compared with the
high-water mark over time.
"""


class StallDetector:
    """Partitions whose next offset stayed below the high-water mark for too long.

    Args:
        patience_s: seconds without progress before a partition counts as stalled.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._seen: dict[int, tuple[int, float]] = {}

    def stalled(self, partition: int, next_offset: int, highwater: int, now_s: float) -> bool:
        """Look at a partition once.

        Args:
            partition: which.
            next_offset: offset it waits for.
            highwater: offset after the last one that the broker has; 0 if not known yet.
            now_s: monotonic seconds.

        Returns:
            True once for each spell of `patience_s` without progress.
        """
        offset, since = self._seen.get(partition, (-1, now_s))
        if next_offset >= highwater or offset != next_offset:
            self._seen[partition] = (next_offset, now_s)
            return False
        if now_s - since < self._patience_s:
            return False
        self._seen[partition] = (next_offset, now_s)
        return True

    def clear(self) -> None:
        """Forget all: the partitions were revoked, or a batch is in flight."""
        self._seen.clear()
