"""The worker between Faust and its batches: admits records, keeps few batches going, commits.

Faust calls it from four sides: the agent offers records, a timer asks for commits and heals
stalls, a rebalance revokes, a shutdown drains. It knows none of Faust's types.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Generic

from connectors.conversations.source import SourcePartition
from stream_app.batch import Batch, Content, Item, Naming
from stream_app.broker import Broker
from stream_app.core.admission import Admission, Admitted, starting_offset
from stream_app.core.batching import MicroBatcher
from stream_app.core.flow import Flow, portions
from stream_app.core.progress import Progress
from stream_app.core.record import Record
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.healer import Healer
from stream_app.held import HeldBatches
from stream_app.metrics import Metrics
from stream_app.waiting import WaitingPosts
from stream_app.work import Decided, Work

log = logging.getLogger(__name__)

DRAIN_PART_OF_SESSION = 0.5
LONGEST_STOP_S = 5.0  # `CLOSE_WITHIN_S` comes after it, and who stops a worker may wait for 10


class Worker(Generic[Content, Decided]):
    """Owns partitions from their assignment to their revocation.

    Args:
        topic: full name of the source topic.
        broker: the source topic and the consumer group.
        work: what is done with batches.
        batcher: forms batches.
        metrics: told of batches and how long they take.
        session_timeout_s: of the consumer group.
        hang_limit_s: longest time without a batch that is done while some are under way, seconds.
        monotonic: seconds that never go back.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        topic: str,
        broker: Broker,
        work: Work[Content, Decided],
        batcher: MicroBatcher[Item[Content]],
        metrics: Metrics,
        session_timeout_s: float,
        hang_limit_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._topic = topic
        self._topic_id = ""
        self._broker = broker
        self._work = work
        self._drain_limit_s = session_timeout_s * DRAIN_PART_OF_SESSION
        self._monotonic = monotonic
        self._clock = clock
        self._admission = Admission()
        self._progress = Progress()
        self._healer = Healer(broker, self._admission, monotonic)
        self._starting = asyncio.Lock()
        self._committing = asyncio.Lock()
        flow = Flow(batcher)
        self._waiting = WaitingPosts(flow, monotonic, work.begin)
        self._metrics = metrics
        metrics.watch("waiting_posts", "Posts decoded and in no batch yet", self._waiting.__len__)
        self._held = HeldBatches(flow, hang_limit_s, monotonic)
        self._assembled: asyncio.Queue[Batch[Content]] = asyncio.Queue()
        self._decided: asyncio.Queue[tuple[Batch[Content], Decided]] = asyncio.Queue()
        self._stages: asyncio.Future[tuple[None, None, None]] | None = None
        self._epoch = 0
        self._draining = False
        self._stopping = False

    async def offer(self, records: Sequence[Record]) -> None:
        """Take records from the agent; waits while enough others do.

        Raises:
            CannotGoOn: offsets stay missing.
        """
        await self._waiting.room()
        epoch = self._epoch
        admitted = await self._admit(records)
        for portion in portions(admitted.records):
            now = self._clock()
            with self._metrics.stage("decode"), Naming(self._topic, portion):
                items = [self._work.decode(record, now) for record in portion]
            self._waiting.add(items)
            await asyncio.sleep(0)
            if epoch != self._epoch or self._draining:
                return
        for partition, missing in admitted.holes.items():
            await self._healer.heal_hole(partition, missing)

    async def run(self) -> None:
        """Read windows, decide and conclude until cancelled, each of another batch at a time.

        Raises:
            CannotGoOn: the worker must end.
        """
        self._stages = stages = asyncio.gather(
            self._assemble_all(), self._decide_all(), self._conclude_all()
        )
        await stages

    async def tend(self) -> None:
        """Commit what is done and heal partitions that stand still; call it every second.

        Raises:
            CannotGoOn: the broker does not take commits, offsets stay missing, or a batch hangs.
        """
        if self._stopping:
            return  # a stop has limits of its own
        self._held.refuse_to_hang()
        if not self._may_admit():
            return
        await self._commit()
        assigned = sorted(self._broker.assigned())
        if not assigned or self._held or self._waiting:
            self._broker.stay()  # slow batches are none that hang: `refuse_to_hang` finds those
        await self._start_partitions(assigned)
        for partition in assigned:
            if not self._healer.has_fallen(partition):
                await self._heal_stall(partition)

    async def revoke(self) -> None:
        """Let the batches in flight finish, commit them, and own nothing; bounded in time."""
        await self._drain(self._held.none(), self._drain_limit_s)
        self._epoch += 1
        self._admission.revoke_all()
        self._progress.clear()
        self._healer.clear()
        await self._work.release()
        self._topic_id = ""
        self._metrics.revoked()

    def position(self, partition: int) -> int | None:
        """Offset after the last post that is done; None while the partition is being started."""
        return self._progress.position(partition)

    def held_back(self, partition: int) -> bool:
        """Whether a partition waits for media, which end by themselves."""
        return self._waiting.held_back(partition)

    def assigned(self) -> None:
        """Partitions were assigned: admit again; each is started when it is first needed."""
        self._draining = False

    async def shut_down(self) -> None:
        """Finish and commit what is in flight, before connections are closed under it."""
        self._stopping = True
        # for ever: who starts a partition asks the consumer, which stops after this
        still = asyncio.gather(self._held.none(), self._starting.acquire())
        await self._drain(still, min(self._drain_limit_s, LONGEST_STOP_S))
        if self._stages is not None:
            self._stages.cancel()

    def _may_admit(self) -> bool:
        return not self._draining and not self._broker.rebalancing()

    async def _assemble_all(self) -> None:
        while True:
            batch = await self._next_batch()
            with Naming(self._topic, batch.records):
                await self._work.assemble(batch)
            self._assembled.put_nowait(batch)

    async def _decide_all(self) -> None:
        while True:
            batch = await self._assembled.get()
            with Naming(self._topic, batch.records):
                decided = await self._work.decide(batch)
            self._decided.put_nowait((batch, decided))

    async def _next_batch(self) -> Batch[Content]:
        """The next batch when it is due and few are under way; it counts as held."""
        items, waited_s = await self._waiting.next_batch()
        self._held.held()
        self._metrics.batch(len(items), waited_s)
        return Batch(items, items[0].generation)

    async def _conclude_all(self) -> None:
        while True:
            batch, decided = await self._decided.get()
            with Naming(self._topic, batch.records):
                await self._work.conclude(decided)
            for item in batch.items:
                self._progress.done(item.record.partition, item.record.offset + 1)
            self._held.let_go()
            self._waiting.batch_done()

    async def _admit(self, records: Sequence[Record]) -> Admitted:
        if self._may_admit():
            await self._start_partitions({record.partition for record in records})
        if not self._may_admit():
            return Admitted()
        generation = self._broker.generation()
        current = [record for record in records if record.generation == generation]
        return self._admission.offer(current, self._monotonic())

    async def _drain(self, still: Awaitable[object], limit_s: float) -> None:
        """Take nothing more, wait for what is still under way, commit; no longer than `limit_s`."""
        self._draining = True
        try:
            async with asyncio.timeout(limit_s):
                await asyncio.gather(self._waiting.clear(), still)
                await self._commit()
        except TimeoutError:
            log.warning("batches did not finish in %.1f s; they will be done again", limit_s)

    async def _commit(self) -> None:
        if self._work.commits:
            return
        async with self._committing:
            offsets = self._progress.to_commit(self._broker.assigned())
            if offsets and await self._broker.commit(offsets, self._topic_id):
                self._progress.committed(offsets)

    async def _start_partitions(self, partitions: Collection[int]) -> None:
        """Take over partitions that were assigned and not needed before."""
        async with self._starting:
            assigned = self._broker.assigned()
            new = [
                partition
                for partition in sorted(assigned.intersection(partitions))
                if not self._admission.is_assigned(partition)
            ]
            if new:
                began_s, epoch = self._monotonic(), self._epoch
                topic_id = await self._broker.topic_id()
                bounds = await self._broker.bounds(new)
                for partition in new:
                    if epoch != self._epoch or not self._may_admit():
                        return
                    self._belong_to(topic_id)
                    source = SourcePartition(self._topic, topic_id, partition)
                    await self._start_partition(source, bounds[partition], epoch)
                self._metrics.recovered(self._monotonic() - began_s)

    def _belong_to(self, topic_id: str) -> None:
        """All that a worker owns at a time is of one incarnation of the topic; else it ends."""
        if self._topic_id not in {"", topic_id}:
            raise CannotGoOn(ExitCode.HOLE, f"topic {self._topic!r} was made again")
        self._topic_id = topic_id

    async def _start_partition(
        self, source: SourcePartition, bounds: tuple[int, int], epoch: int
    ) -> None:
        partition = source.partition
        earliest, end = bounds
        unfinished = await self._work.take_over(source, end)
        committed = await self._broker.committed(partition, source.topic_id)
        if committed is not None and committed > end:
            # its last owner may have read on while it was taken over
            earliest, end = (await self._broker.bounds([partition]))[partition]
            self._refuse_lost_tail(partition, committed, end)
        start = starting_offset(committed, earliest, end, unfinished)
        await self._work.resume(source, start)
        if epoch != self._epoch or not self._may_admit():
            return
        if committed is not None and committed < earliest:
            log.error(
                "partition %d: offsets %d-%d were deleted by retention before they were read",
                partition,
                committed,
                earliest - 1,
            )
        self._admission.assign(partition, start)
        self._progress.start(partition, start)
        log.info("partition %d starts at offset %d (committed: %s)", partition, start, committed)

    def _refuse_lost_tail(self, partition: int, committed: int, end: int) -> None:
        """Beginning again is harmless only where fences tell what had its effects."""
        if self._work.commits and committed > end:
            raise CannotGoOn(
                ExitCode.HOLE,
                f"partition {partition} ends at {end}, before the group's commit {committed}: the "
                "broker lost records. If it does not get them back, set the group's offset "
                "yourself: kafka-consumer-groups.sh --reset-offsets --to-latest",
            )

    async def _heal_stall(self, partition: int) -> None:
        """Nothing was held when it was found to be empty, so everything before it is done."""
        if self._held or self._waiting:
            self._healer.batch_held()
        elif self._admission.is_assigned(partition):
            empty_up_to = await self._healer.heal_stall(partition)
            if empty_up_to is not None and not self._held and not self._waiting:
                self._progress.done(partition, empty_up_to)
