"""What a worker does with the records of its source topic, whatever its role.

`scoring` and `extraction` do the work; the worker sees to offsets, batches and partitions.
"""

import asyncio
from typing import Protocol, TypeVar

from connectors.conversations.source import SourcePartition
from stream_app.batch import Batch, Content, Item
from stream_app.core.record import Record

Decided = TypeVar("Decided")


class Work(Protocol[Content, Decided]):
    """Everything that differs between roles; each step of another batch at a time."""

    @property
    def commits(self) -> bool:
        """Whether `conclude` commits offsets too, as part of the effects: then nobody else may."""
        ...

    def decode(self, record: Record, now: float) -> Item[Content]:
        """What is in a record, or its rejection; `now` is Unix seconds."""
        ...

    def begin(self, item: Item[Content]) -> "asyncio.Task[object] | None":
        """Begin what of one record takes long whatever else is under way, such as fetching media.

        Returns:
            Done when it is, cancelled when the record is given up. Until then the record, and
            those behind it in its partition, are in no batch. None: it may be in one at once.
        """
        ...

    async def take_over(self, source: SourcePartition, end: int) -> tuple[int, int] | None:
        """Own a partition: from now on no other process can give its records an effect twice.

        Args:
            source: the partition.
            end: offset after the last one that the broker has.

        Returns:
            First and last offset of the batch that may be unfinished; everything before it has
            had its effects. None where only the group's commit tells that.

        Raises:
            CannotGoOn: it cannot be owned.
        """
        ...

    async def resume(self, source: SourcePartition, start: int) -> None:
        """An owned partition goes on at `start`, before any batch of it is decided."""
        ...

    async def release(self) -> None:
        """Own nothing any more."""
        ...

    async def assemble(self, batch: Batch[Content]) -> None:
        """Fetch what a batch needs.

        Raises:
            CannotGoOn: the batch is not ours any more.
        """
        ...

    async def decide(self, batch: Batch[Content]) -> Decided:
        """Do all that a decision about a batch waits for; nothing outside this process changes.

        Raises:
            CannotGoOn: the batch is not ours any more, or the model is broken.
        """
        ...

    async def conclude(self, decided: Decided) -> None:
        """Give a batch its effects, in the order of the batches, while the next is decided.

        Raises:
            CannotGoOn: the worker must end; nothing is lost, the batch comes again.
        """
        ...
