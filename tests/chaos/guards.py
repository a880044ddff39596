"""Guards of the product that a test worker can do without, to show what each one is for.

Calling an entry of `GUARDS` takes one guard out of the class that has it, in this process, and
leaves everything else as it is.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import sha1
from types import MappingProxyType
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection

import connectors.redis_connection
import stream_app.batched_consumer
import stream_app.runtime
import stream_app.scoring_role
import stream_app.watchdog
import stream_app.worker
from connectors.conversations.source import SourcePartition
from connectors.conversations.store import PartitionStore
from connectors.redis_script import RedisScript
from connectors.schemas.post import DecodedPost
from connectors.trends.sink import TrendSink
from stream_app.batch import Batch
from stream_app.consumer_thread import ConsumerThread
from stream_app.core.admission import Admission, Admitted, starting_offset
from stream_app.core.record import Record
from stream_app.decisions import FixedBatch, ScoredBatch
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.faust_broker import FaustBroker
from stream_app.healer import Healer
from stream_app.held import HeldBatches
from stream_app.membership import Membership
from stream_app.watchdog import Watchdog
from stream_app.worker import Worker


class _IntentLast(Effects):
    """Results are fixed after they were delivered and counted, not before."""

    async def conclude(self, decided: Any) -> None:
        decisions = decided.decisions.values()
        await self._settle(decided, {d.source: d.replayed for d in decisions if d.replayed})
        await self._settle(decided, {d.source: d.fresh for d in decisions if d.fresh})
        await self._fix([each for each in decisions if each.fresh])


class _CountsOnce(Effects):
    """What Redis lost of the batch fixed last stays lost."""

    async def count_again(self, source: SourcePartition, fixed: FixedBatch, before: int) -> None:
        """Believe that it is all there."""


class _FixesAgain(PartitionStore):
    """A batch is fixed whoever fixed its offsets before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _never(self._fix, "tonumber(stored[2]) >= tonumber(ARGV[FIRST])")


class _NoFence(TrendSink):
    """A track counts whatever it is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _never(self._apply, "tonumber(fence) >= tonumber(ARGV[PARTITIONS + 3 * (index - 1) + 1])")


class _Patient(HeldBatches[Any]):
    """A batch may hang for ever."""

    def refuse_to_hang(self) -> None:
        """Wait on."""


class _AdmitsAll(Admission):
    """Records are taken as they come, with holes and twice."""

    def offer(self, records: Iterable[Record], now_s: float) -> Admitted:
        del now_s
        admitted = Admitted()
        for record in records:
            if self.is_assigned(record.partition):
                self._next[record.partition] = record.offset + 1
                admitted.records.append(record)
        return admitted


class _AnyGeneration(Membership):
    """A batch may have effects although its partitions were taken away."""

    def check(self, partitions: Collection[int], generation: int, began_s: float) -> None:
        try:
            super().check(partitions, generation, began_s)
        except CannotGoOn as end:
            if end.code is not ExitCode.PARTITION_LOST:
                raise


class _AnyAge(Membership):
    """A batch may be as old as it likes."""

    def check(self, partitions: Collection[int], generation: int, began_s: float) -> None:
        del began_s
        super().check(partitions, generation, self.now_s())


class _Blind(Watchdog):
    """Nobody notices that the process stood still."""

    def start(self) -> None:
        """Watch nothing."""


class _CommitsFirst(Worker[DecodedPost, ScoredBatch]):
    """A batch is committed when it is formed."""

    async def _next_batch(self) -> Batch[DecodedPost]:
        batch = await super()._next_batch()
        ends = {item.record.partition: item.record.offset + 1 for item in batch.items}
        await self._broker.commit(ends, self._topic_id)
        return batch


class _AnyIncarnation(FaustBroker):
    """A commit does not say which incarnation of the topic it is of."""

    async def commit(self, offsets: Mapping[int, int], topic_id: str) -> bool:
        del topic_id
        return await super().commit(offsets, "")


class _ReadsOn(Healer):
    """Records that were skipped are not read again."""

    async def _seek(self, partition: int, offset: int) -> None:
        """Stay where the consumer is."""


class _ReadsAll(ConsumerThread):
    """Posts of transactions that were aborted are read as well."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_uncommitted"
        return consumer


class _AnyRun(connectors.redis_connection._OneRun):
    """A Redis that was started again is as good as the one before."""

    async def connected(self, connection: AbstractConnection) -> None:
        await connection.on_connect()


def _start_where_the_commit_says() -> None:
    """Nobody asks whether the results up to the commit are still fixed."""

    def start(committed: int | None, earliest: int, end: int, fixed: tuple[int, int] | None) -> int:
        return starting_offset(committed, earliest, end, fixed if committed is None else None)

    vars(stream_app.worker)["starting_offset"] = start


def _never(script: RedisScript, condition: str) -> None:
    """Take a condition of a script to be never true."""
    text = script._text
    if condition not in text:
        raise ValueError(f"the script has no condition {condition!r}: mend this guard's removal")
    script._text = text.replace(condition, "false")
    script._hash = sha1(script._text.encode(), usedforsecurity=False).hexdigest()


def _replace(module: Any, name: str, mixin: type) -> Callable[[], None]:
    """Put a class above the one that a module knows by a name, changed before or not."""

    def act() -> None:
        setattr(module, name, type(name, (mixin, getattr(module, name)), {}))

    return act


GUARDS: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "intent first": _replace(stream_app.scoring_role, "Effects", _IntentLast),
        "intent refusal": _replace(stream_app.scoring_role, "PartitionStore", _FixesAgain),
        "fence": _replace(stream_app.scoring_role, "TrendSink", _NoFence),
        "count again": _replace(stream_app.scoring_role, "Effects", _CountsOnce),
        "hang limit": _replace(stream_app.worker, "HeldBatches", _Patient),
        "admission": _replace(stream_app.worker, "Admission", _AdmitsAll),
        "generation": _replace(stream_app.runtime, "Membership", _AnyGeneration),
        "age": _replace(stream_app.runtime, "Membership", _AnyAge),
        "watchdog": _replace(stream_app.watchdog, "Watchdog", _Blind),
        "commit last": _replace(stream_app.scoring_role, "Worker", _CommitsFirst),
        "topic's id": _replace(stream_app.runtime, "FaustBroker", _AnyIncarnation),
        "reading again": _replace(stream_app.worker, "Healer", _ReadsOn),
        "read committed": _replace(stream_app.batched_consumer, "ConsumerThread", _ReadsAll),
        "one run of redis": _replace(connectors.redis_connection, "_OneRun", _AnyRun),
        "start by intent": _start_where_the_commit_says,
    }
)
