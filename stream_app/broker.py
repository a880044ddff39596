"""What the worker asks of Kafka, whoever answers; `faust_broker` answers with Faust."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Broker(Protocol):
    """The source topic as this member of the consumer group sees it; partitions by number."""

    def generation(self) -> int:
        """Generation of the group that this member belongs to."""

    def assigned(self) -> frozenset[int]:
        """Partitions that this member owns, empty while a rebalance runs."""

    def rebalancing(self) -> bool:
        """Whether a rebalance runs, so that nothing may be admitted."""

    def stay(self) -> None:
        """Remain a member of the group although nothing is read for a while."""

    def highwater(self, partition: int) -> int:
        """Offset after the last one known to be readable; 0 if nothing was fetched yet."""

    def unstable(self, partition: int) -> int:
        """Offsets from the first open transaction on, which may not be read yet."""

    def passed(self, partition: int, offset: int) -> int:
        """Offset up to which the consumer read on from `offset` and found no record."""

    def fallen(self, partition: int) -> bool:
        """Whether the broker sent the consumer back, so that it hands nothing on."""

    async def committed(self, partition: int, topic_id: str) -> int | None:
        """Offset that the group has committed in this incarnation of the topic, None if none."""

    async def bounds(self, partitions: Collection[int]) -> Mapping[int, tuple[int, int]]:
        """First offset that the broker has of each partition, and the one after its last.

        What an open transaction wrote is not there yet.
        """

    async def first_available(self, partition: int, offset: int) -> int:
        """Offset of the first record at or after `offset`; the end if there is none."""

    async def seek(self, partition: int, offset: int) -> None:
        """Read on from `offset`."""

    async def commit(self, offsets: Mapping[int, int], topic_id: str) -> bool:
        """Commit next offsets by partition in this incarnation; False if a rebalance was faster.

        Raises:
            CannotGoOn: the broker refuses it, or did not answer in time.
        """

    async def topic_id(self) -> str:
        """Incarnation of the source topic."""
