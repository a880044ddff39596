"""A record as it came from Kafka, before anybody looked inside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source topic.

    Attributes:
        partition: number of the source partition.
        offset: position within it.
        key: the key as sent, or None.
        value: the value as sent, or None for a tombstone.
        generation: generation of the consumer group in which it was fetched.
        gap_from: first of the offsets right before it that hold no record, as the consumer saw
            when it read past them; None where it saw no such gap.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    generation: int
    gap_from: int | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Partition and offset, which identify the record within its topic."""
        return self.partition, self.offset

    def follows(self, offset: int) -> bool:
        """Whether it is the first record at or after `offset`, as far as is known."""
        return self.offset == offset or (
            self.gap_from is not None and self.gap_from <= offset < self.offset
        )
