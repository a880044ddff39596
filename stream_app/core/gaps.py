"""Which offsets hold no record, told by how far a consumer read on between two records.

Transactions leave markers and withdrawn records in a partition, compaction leaves nothing: a
reader goes past them in silence. Not for records that were there and were skipped: a consumer that
was sent elsewhere begins at another position, which `Admission` finds out.
"""

from collections.abc import Sequence


class Gaps:
    """The gaps before records, by partition, from the consumer's positions around each fetch."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[int, int]] = {}

    def fetched(
        self, partition: int, before: int, offsets: Sequence[int], after: int
    ) -> list[int | None]:
        """Take note of one fetch.

        Args:
            partition: which.
            before: the consumer's position when it began; reading goes on from there.
            offsets: of the records that came, ascending; none where it passed markers alone.
            after: its position then, after the last offset that it looked at.

        Returns:
            For each record the first of the offsets right before it that hold none; None where
            its neighbour is a record, or what is before it was not read.
        """
        start, position = self._read.get(partition, (before, before))
        if position != before:  # it was sent elsewhere meanwhile
            start = before
        gaps: list[int | None] = []
        for offset in offsets:
            gaps.append(start if start < offset else None)
            start = offset + 1
        self._read[partition] = (start, after)
        return gaps

    def clear(self) -> None:
        """Forget all: partitions were assigned anew."""
        self._read.clear()
