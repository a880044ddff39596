"""Faust's consumer thread, reading only what is committed and telling where no records are.

Not for what Faust makes of a fetch: that is `batched_consumer`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from stream_app.core.falls import Falls
from stream_app.core.gaps import Gaps

READ_COMMITTED: Final = "read_committed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought of a partition.

    Attributes:
        records: aiokafka's, at least one, in offset order.
        gaps: for each the first of the offsets right before it that hold none, or None.
        more: whether the broker had more than a fetch may bring.
    """

    records: Sequence[Any]
    gaps: Sequence[int | None]
    more: bool


class ConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust ships no usable types
    """Reads past markers and aborted transactions, and says so.

    Of a partition that the broker sends back it hands nothing on until it is assigned anew.

    Args:
        args, kwargs: as Faust gives them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gaps: dict[str, Gaps] = {}
        self._falls = Falls()
        self._assignment: object = None

    def highwater(self, tp: TP) -> int:
        """Offset after the last record that may be read now; 0 where that is not known."""
        stable = self._ensure_consumer().last_stable_offset(tp)
        return max(0, stable or 0)

    def unstable(self, tp: TP) -> int:
        """Offsets from the first open transaction on, which may not be read yet; 0 if unknown."""
        consumer = self._ensure_consumer()
        stable, end = consumer.last_stable_offset(tp), consumer.highwater(tp)
        return 0 if stable is None or stable < 0 or end is None else max(0, end - stable)

    def passed(self, tp: TP, offset: int) -> int:
        """Offset up to which it read on from `offset` and found no record; from another thread."""
        return self._gaps_of(tp.topic).passed(tp.partition, offset)

    def fallen(self, tp: TP) -> bool:
        """Whether the broker sent it back since it was assigned; from another thread."""
        return self._falls.fallen(tp)

    def seek(self, partition: TP, offset: int) -> None:
        """As Faust asks."""
        with self._falls.seeking({partition: offset}):
            super().seek(partition, offset)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """As Faust asks."""
        with self._falls.seeking():
            committed: Mapping[TP, int] = await super().seek_to_committed()
        return committed

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads committed only within its own transactions, which nothing here uses
        consumer._isolation_level = READ_COMMITTED
        return consumer

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's signature
        max_records: int | None = None,
    ) -> Mapping[TP, Fetched]:
        fetched = await self._drained(consumer, active_partitions, max_records)
        if fetched or not timeout or not self.consumer.flow_active:
            return fetched
        waiter = consumer._fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=timeout)
        if not done:
            waiter.cancel()
            return {}
        waiter.result()  # raises what the broker refuses
        return await self._drained(consumer, active_partitions, max_records)

    async def _drained(
        self, consumer: Any, active_partitions: set[TP], max_records: int | None
    ) -> Mapping[TP, Fetched]:
        """What was fetched already. Nothing else runs between the two looks at the positions."""
        subscriptions = consumer._fetcher._subscriptions
        if subscriptions.reassignment_in_progress:
            await subscriptions.wait_for_assignment()
        before = self._positions(subscriptions)
        seeks = self._falls.seeks()
        drained = await super()._fetch_records(
            consumer, active_partitions, timeout=0, max_records=max_records
        )
        fetched = {}
        for tp, after in self._positions(subscriptions).items():
            if tp not in before or before[tp] == after:
                continue
            if self._falls.fetched(tp, before[tp], after, seeks):
                continue
            records = drained.get(tp, ())
            offsets = [record.offset for record in records]
            gaps = self._gaps_of(tp.topic).fetched(tp.partition, before[tp], offsets, after)
            if records:
                stable = consumer.last_stable_offset(tp)
                fetched[tp] = Fetched(records, gaps, more=stable is not None and after < stable)
        return fetched

    def _gaps_of(self, topic: str) -> Gaps:
        return self._gaps.setdefault(topic, Gaps())

    def _positions(self, subscriptions: Any) -> dict[TP, int]:
        subscription = subscriptions.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is not self._assignment:
            self._assignment = assignment
            self._gaps.clear()
            self._falls.clear()
        if assignment is None:
            return {}
        states = ((tp, assignment.state_value(tp)) for tp in assignment.tps)
        return {tp: state.position for tp, state in states if state.has_valid_position}
