"""Counts every record of `predictions` again, in several processes where there are many.

Not for what counts: that is `recount`; nor for what Redis holds.
"""

import asyncio
import gc
import os
import signal
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError
from connectors.kafka.reading import FetchedRecord, read_fetches, read_topic
from connectors.kafka.topics import partition_count
from connectors.schemas.event_time import MAX_AHEAD_S
from connectors.trends.positions import Settled, settled_offsets
from connectors.trends.recount import Basis, Recount, ScatteredCopiesError

SOURCE_TOPIC_ID: Final = "source-topic-id"
FEWEST_FOR_A_PROCESS: Final = 500_000  # its start takes as long as tens of thousands
MOST_PROCESSES: Final = 16


class VerificationError(Exception):
    """A recount cannot be made, for a reason that the message says."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """The topic `predictions` of a deployment, as the record of what must be counted.

    Attributes:
        kafka: where the topics are.
        topic: full name of `predictions`.
        posts_topic: full name of `posts`.
        group: consumer group of the workers.
        fewest: records that are worth a process of their own.
    """

    kafka: KafkaConnection
    topic: str
    posts_topic: str
    group: str
    fewest: int = FEWEST_FOR_A_PROCESS

    async def settled(self) -> Settled:
        """How far the workers have committed.

        Raises:
            KafkaConnectorError: the broker does not answer, or the topic is missing.
        """
        return await settled_offsets(self.kafka, self.group, self.posts_topic)

    async def recount(self, basis: Basis) -> Recount:
        """Count all predictions up to the ends that the topic has now.

        Args:
            basis: taken before.

        Raises:
            VerificationError: a record is no prediction, or a process failed.
            KafkaConnectorError: the broker does not answer, or the topic is missing.
        """
        bounds = await self._bounds()
        sizes = {partition: end - first for partition, (first, end) in bounds.items()}
        shares = even_shares(sizes, _processes(sum(sizes.values()) // self.fewest))
        if len(shares) > 1:
            try:
                return await _in_processes(self.kafka, self.topic, basis, shares)
            except ScatteredCopiesError:  # the topic grew between a crash and the replay after it
                pass
        return await _count(self.kafka, self.topic, basis, sizes)

    async def whole_since(self) -> float | None:
        """From which event time on no post is missing since records are gone; None: none are gone.

        A post may be dated a day ahead of its prediction. So what was in a record that is gone
        lies before the oldest that is left of its partition, and a day.

        Returns:
            Unix seconds.
        """
        moments = []
        for partition, (first, end) in (await self._bounds()).items():
            if first > 0:
                oldest = await self._timestamp(partition) if first < end else time.time()
                moments.append(oldest + MAX_AHEAD_S)
        return max(moments, default=None)

    async def _bounds(self) -> dict[int, tuple[int, int]]:
        partitions = range(await partition_count(self.kafka, self.topic))
        return await offset_bounds(self.kafka, self.topic, partitions)

    async def _timestamp(self, partition: int) -> float:
        """Of the oldest record of a partition, Unix seconds."""
        async with aclosing(read_topic(self.kafka, self.topic, only={partition})) as records:
            async for record in records:
                return record.timestamp_ms / 1000
        return time.time()


def even_shares(sizes: Mapping[int, int], shares: int) -> list[list[int]]:
    """Partitions in at most so many shares of about equal size; empty ones are left out.

    Args:
        sizes: partition -> records.
        shares: at least 1.
    """
    parts: list[list[int]] = [[] for _ in range(shares)]
    filled = [0] * shares
    for partition in sorted(sizes, key=lambda each: -sizes[each]):
        least = filled.index(min(filled))
        if sizes[partition]:
            parts[least].append(partition)
            filled[least] += sizes[partition]
    return [part for part in parts if part]


def _processes(wanted: int) -> int:
    return max(1, min(wanted, os.cpu_count() or 1, MOST_PROCESSES))


async def _in_processes(
    kafka: KafkaConnection,
    topic: str,
    basis: Basis,
    shares: Collection[Collection[int]],
) -> Recount:
    """Each share in a process of its own; spawned, since a fork would copy threads half done."""
    loop = asyncio.get_running_loop()
    whole = Recount(basis)
    with ProcessPoolExecutor(len(shares), get_context("spawn"), _prepare) as pool:
        running = [
            loop.run_in_executor(pool, _count_share, kafka, topic, basis, share) for share in shares
        ]
        for part in asyncio.as_completed(running):
            whole.merge(await part)
    return whole


def _prepare() -> None:
    """Make a process fit for one share."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all; the first says what is up
    gc.disable()  # hundreds of thousands of records at once and no cycles: a third of the time


def _count_share(
    kafka: KafkaConnection,
    topic: str,
    basis: Basis,
    share: Collection[int],
) -> Recount:
    try:
        recount = asyncio.run(_count(kafka, topic, basis, share))
    except KafkaConnectorError as error:  # which does not come through to another process whole
        raise VerificationError(str(error)) from error
    recount.totals.tracks()  # sums what waits, so that the first process need not
    return recount


async def _count(
    kafka: KafkaConnection,
    topic: str,
    basis: Basis,
    share: Collection[int],
) -> Recount:
    recount = Recount(basis)
    async with aclosing(read_fetches(kafka, topic, only=share)) as fetches:
        async for partition, records in fetches:
            for record in records:
                try:
                    recount.add(record.value or b"", _topic_id(record))
                except ValueError as error:
                    raise VerificationError(
                        f"{topic}:{partition}:{record.offset} is no prediction ({error}): "
                        "nothing but the workers may write to that topic"
                    ) from error
    return recount


def _topic_id(record: FetchedRecord) -> str:
    """Incarnation of the source topic, as the worker writes it.

    Raises:
        ValueError: it is not there.
    """
    for name, value in record.headers:
        if name == SOURCE_TOPIC_ID:
            return value.decode()
    raise ValueError(f"it has no header {SOURCE_TOPIC_ID}")
