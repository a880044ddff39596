"""A record as it came from Kafka, before anybody looked inside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the `posts` topic.

    Attributes:
        partition: number of the source partition.
        offset: position within it.
        key: the key as sent, or None.
        value: the value as sent, or None for a tombstone.
        generation: generation of the consumer group in which it was fetched.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    generation: int

    @property
    def position(self) -> tuple[int, int]:
        """Partition and offset, which identify the record within its topic."""
        return self.partition, self.offset
