"""Reads again what Faust skipped, and passes what no record has.

After a rebalance Faust may skip records, which leaves a hole before the next one, or at the tail a
partition that stands still. Compaction and transactions leave gaps that hold no records at all:
the consumer has seen those that it went past, and about others the broker is asked.
"""

import logging
from collections.abc import Callable

from stream_app.broker import Broker
from stream_app.core.admission import Admission
from stream_app.core.stall import StallDetector
from stream_app.exits import CannotGoOn, ExitCode

log = logging.getLogger(__name__)

STALL_PATIENCE_S = 3.0
HOLE_PATIENCE_S = 10.0
SEEK_PAUSE_S = 0.5
FALL_PATIENCE_S = 15.0  # longer than metadata may be old: then the group is given the new topic


class Healer:
    """Keeps the admitted offsets of each partition without holes.

    Args:
        broker: knows what there is, and seeks.
        admission: knows what is expected.
        monotonic: seconds that never go back.
    """

    def __init__(
        self, broker: Broker, admission: Admission, monotonic: Callable[[], float]
    ) -> None:
        self._broker = broker
        self._admission = admission
        self._monotonic = monotonic
        self._stalls = StallDetector(STALL_PATIENCE_S)
        self._seeks: dict[int, tuple[int, float]] = {}
        self._fallen_since_s: dict[int, float] = {}
        self._epoch = 0

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._epoch += 1
        self._stalls.clear()
        self._seeks.clear()
        self._fallen_since_s.clear()

    def has_fallen(self, partition: int) -> bool:
        """Whether the broker sent the consumer back: the partition waits to be assigned anew.

        Raises:
            CannotGoOn: it is not.
        """
        if not self._broker.fallen(partition):
            return False
        now_s = self._monotonic()
        if now_s - self._fallen_since_s.setdefault(partition, now_s) > FALL_PATIENCE_S:
            raise CannotGoOn(
                ExitCode.HOLE,
                f"partition {partition} begins again, before what was read of it: "
                "the topic was made again, or has lost its end",
            )
        return True

    def batch_held(self) -> None:
        """A batch is on its way: no partition stands still."""
        self._stalls.clear()

    async def heal_hole(self, partition: int, missing: int) -> None:
        """Faust skipped records: read them again.

        Raises:
            CannotGoOn: they do not come.
        """
        if self._has_sought(partition, missing):
            return
        if self._admission.hole_age_s(partition, self._monotonic()) > HOLE_PATIENCE_S:
            raise CannotGoOn(
                ExitCode.HOLE, f"partition {partition}: offset {missing} does not come"
            )
        await self._seek(partition, missing)

    async def heal_stall(self, partition: int) -> int | None:
        """Look whether a partition stands still while no batch is held, and read on if so.

        Where the consumer itself has gone past markers, there is nothing to read.

        Returns:
            The offset up to which the partition turned out to hold no records; None if none.

        Raises:
            CannotGoOn: the topic was made again.
        """
        waiting_for = self._admission.next_offset(partition)
        highwater = self._broker.highwater(partition)
        if 0 < highwater < waiting_for:
            await self._refuse_other_incarnation(partition, waiting_for)
            return None
        passed = self._broker.passed(partition, waiting_for)
        if passed > waiting_for:
            self._admission.assign(partition, passed)
            return passed
        if not self._stalls.stalled(partition, waiting_for, highwater, self._monotonic()):
            return None
        return await self._read_on(partition, waiting_for)

    async def _read_on(self, partition: int, missing: int) -> int | None:
        epoch = self._epoch
        target = await self._broker.first_available(partition, missing)
        if epoch != self._epoch or self._admission.next_offset(partition) != missing:
            return None
        if target > missing:
            log.info("partition %d has no records %d-%d", partition, missing, target - 1)
            self._admission.assign(partition, target)
        await self._seek(partition, target)
        return target if target > missing else None

    async def _seek(self, partition: int, offset: int) -> None:
        self._seeks[partition] = (offset, self._monotonic())
        log.info("partition %d: reading again from offset %d", partition, offset)
        await self._broker.seek(partition, offset)

    def _has_sought(self, partition: int, missing: int) -> bool:
        """Whether the consumer was sent back to this offset just now."""
        offset, sought_s = self._seeks.get(partition, (-1, 0.0))
        return offset == missing and self._monotonic() - sought_s < SEEK_PAUSE_S

    async def _refuse_other_incarnation(self, partition: int, waiting_for: int) -> None:
        _, end = (await self._broker.bounds([partition]))[partition]
        if end < waiting_for:
            raise CannotGoOn(
                ExitCode.HOLE,
                f"partition {partition} ends at {end}, before offset {waiting_for}: "
                "the topic was made again",
            )
