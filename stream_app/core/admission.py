"""Which records may be processed: each offset once and in order, holes noticed.

Faust may deliver a record twice, and may skip records after a rebalance. Admission compares every
record with the next offset expected in its partition. It knows nothing of brokers: who asks it
does the seeking.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream_app.core.record import Record


@dataclass(slots=True)
class Admitted:
    """What came of offering records.

    Attributes:
        records: those to process, in the order offered.
        holes: partition -> offset that is missing; the consumer must be sent back to it.
    """

    records: list[Record] = field(default_factory=list)
    holes: dict[int, int] = field(default_factory=dict)


class Admission:
    """Next expected offset of each assigned partition, and how long a hole has been open."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._hole_since_s: dict[int, float] = {}

    def assign(self, partition: int, next_offset: int) -> None:
        """Start a partition at an offset, or move it over offsets that hold no record."""
        self._next[partition] = next_offset
        self._hole_since_s.pop(partition, None)

    def revoke_all(self) -> None:
        """Forget every partition: what comes now belongs to somebody else."""
        self._next.clear()
        self._hole_since_s.clear()

    def is_assigned(self, partition: int) -> bool:
        """Whether the partition has a starting offset."""
        return partition in self._next

    def next_offset(self, partition: int) -> int:
        """Offset that the partition waits for.

        Raises:
            KeyError: the partition has not been assigned.
        """
        return self._next[partition]

    def hole_age_s(self, partition: int, now_s: float) -> float:
        """Seconds since the open hole of a partition was first seen; 0 without one."""
        since = self._hole_since_s.get(partition)
        return 0.0 if since is None else now_s - since

    def offer(self, records: Iterable[Record], now_s: float) -> Admitted:
        """Admit what continues its partition without a hole.

        Args:
            records: as they came; those of unassigned partitions are dropped.
            now_s: monotonic seconds.

        Returns:
            The admitted records and the holes seen. A lower offset than expected was done before
            and is dropped; a higher one is dropped and makes a hole, unless the consumer saw that
            there are no records between.
        """
        admitted = Admitted()
        for record in records:
            expected = self._next.get(record.partition)
            if expected is None or record.offset < expected:
                continue
            if not record.follows(expected):
                self._hole_since_s.setdefault(record.partition, now_s)
                admitted.holes[record.partition] = expected
                continue
            self._hole_since_s.pop(record.partition, None)
            admitted.holes.pop(record.partition, None)
            self._next[record.partition] = record.offset + 1
            admitted.records.append(record)
        return admitted


def starting_offset(
    committed: int | None, earliest: int, end: int, fixed: tuple[int, int] | None
) -> int:
    """Offset at which an assigned partition starts.

    Args:
        committed: what the group has committed, None for nothing yet.
        earliest: first offset the broker still has.
        end: offset after the last one the broker has.
        fixed: first and last offset of the last batch whose results were fixed. Everything
            before `first` has been delivered and counted, whatever the commit says.

    Returns:
        The higher of the commit and `first`. A commit beyond `last` + 1 tells that the store
        lost what it was told last: then `first`, so that what it lost is counted again, and what
        it kept is skipped by its fences. A position outside what the broker has belongs to
        deleted records: then the earliest.
    """
    positions = []
    if committed is not None and (fixed is None or committed <= fixed[1] + 1):
        positions.append(committed)
    if fixed is not None:
        positions.append(fixed[0])
    return max([earliest, *(position for position in positions if position <= end)])
