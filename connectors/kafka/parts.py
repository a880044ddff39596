"""Parts of a topic: records of a while, at most so many of them, or those at given offsets.

Without a group: nothing is committed. Not for whole topics: that is `reading`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError
from connectors.kafka.metadata import Operation
from connectors.kafka.reading import POLL_MS, Fetch
from connectors.kafka.topics import describe_topic

SLICES: Final = 16  # of a while that holds more than is to be read
NEAR: Final = 8  # offsets apart that are read through rather than looked up
FETCH_BYTES: Final = 64 * 1024  # of a partition: most of what a lone record comes with is not asked


class While(NamedTuple):
    """A time, Unix seconds, by the timestamps of records; `end` is exclusive."""

    start: float
    end: float


class TopicParts:
    """Reads parts of topics. A context manager.

    Args:
        connection: how to reach the brokers.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerUnreachableError: no broker answers.
        """
        self._consumer = AIOKafkaConsumer(
            **self._connection.client_options(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            await self._consumer.stop()
            raise BrokerUnreachableError(self._connection.bootstrap_servers) from error
        except asyncio.CancelledError:  # as at a deadline: nobody else ends what it began
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def during(self, topic: str, span: While, most: int) -> AsyncGenerator[Fetch, None]:
        """Records of a while; where there are more than `most`, the first of each of its slices.

        Args:
            topic: whole name of the topic.
            span: when.
            most: about how many records, of all partitions together.

        Yields:
            Fetches in offset order within each partition.

        Raises:
            BrokerUnreachableError: a broker does not answer.
            TopicMissingError: there is no such topic.
            NotAllowedError: this client may not read it.
        """
        try:
            places = await self._places(topic)
            width = (span.end - span.start) / SLICES
            edges = [
                await self._offsets(places, span.start + at * width) for at in range(SLICES + 1)
            ]
            wanted = {place: _slices([edge[place] for edge in edges]) for place in places}
            whole = sum(len(each) for own in wanted.values() for each in own)
            if whole > most:
                least = max(1, most // (SLICES * len(places)))
                wanted = {place: [each[:least] for each in own] for place, own in wanted.items()}
            async for fetch in self._read(wanted):
                yield fetch
        except (KafkaError, OSError) as error:
            raise self._unreachable(topic, error) from error

    async def at(
        self, topic: str, offsets: Mapping[int, Iterable[int]]
    ) -> AsyncGenerator[Fetch, None]:
        """Records at given offsets, and some near them; what is no longer there is left out.

        Args:
            topic: whole name of the topic.
            offsets: by partition, in any order.

        Yields, raises:
            As `during`.
        """
        try:
            places = await self._places(topic)
            ends = await self._consumer.end_offsets(places)
            wanted = {
                place: _runs(own for own in offsets.get(place.partition, ()) if own < ends[place])
                for place in places
            }
            async for fetch in self._read(wanted):
                yield fetch
        except (KafkaError, OSError) as error:
            raise self._unreachable(topic, error) from error

    async def _places(self, topic: str) -> list[TopicPartition]:
        described = await describe_topic(self._connection, topic)
        described.require(Operation.READ, self._connection)
        return [TopicPartition(topic, number) for number in range(described.partitions)]

    async def _offsets(
        self, places: Sequence[TopicPartition], moment: float
    ) -> dict[TopicPartition, int]:
        """The first offset of each partition from a moment on, else its end."""
        found = await self._consumer.offsets_for_times(
            dict.fromkeys(places, max(0, int(1000 * moment)))
        )
        if missing := [place for place in places if found[place] is None]:
            ends = await self._consumer.end_offsets(missing)
        return {
            place: ends[place] if found[place] is None else found[place].offset for place in places
        }

    async def _read(
        self, wanted: Mapping[TopicPartition, Sequence[range]]
    ) -> AsyncGenerator[Fetch, None]:
        """Records of ranges of offsets, ascending and apart; all partitions at once."""
        left = {place: deque(filter(None, ranges)) for place, ranges in wanted.items()}
        left = {place: ranges for place, ranges in left.items() if ranges}
        self._consumer.assign(list(left))
        for place, ranges in left.items():
            self._consumer.seek(place, ranges[0].start)
        while left:
            fetched = await self._consumer.getmany(*left, timeout_ms=POLL_MS)
            for place, records in fetched.items():
                asked = left[place]
                found = [own for own in records if any(own.offset in each for each in asked)]
                if found:
                    yield Fetch(place.partition, found)
            for place in list(left):
                await self._go_on(place, left)

    async def _go_on(self, place: TopicPartition, left: dict[TopicPartition, deque[range]]) -> None:
        """Leave ranges that are read, and go to the next."""
        ranges = left[place]
        # the position also passes what is no record: markers of transactions, compacted gaps
        position = await self._consumer.position(place)
        while ranges and position >= ranges[0].stop:
            ranges.popleft()
        if not ranges:
            del left[place]
            self._consumer.pause(place)
        elif position < ranges[0].start:
            self._consumer.seek(place, ranges[0].start)

    def _unreachable(self, topic: str, error: Exception) -> BrokerUnreachableError:
        return BrokerUnreachableError(
            self._connection.bootstrap_servers, f"while reading {topic} ({error!r})"
        )


def _slices(edges: Sequence[int]) -> list[range]:
    """Ranges between offsets that follow each other in time: one may not go back."""
    ascending = [max(edges[: at + 1]) for at in range(len(edges))]
    return [range(*pair) for pair in pairwise(ascending)]


def _runs(offsets: Iterable[int]) -> list[range]:
    """Ranges that hold all these offsets; near ones share one."""
    runs: list[range] = []
    for offset in sorted(set(offsets)):
        if runs and offset - runs[-1].stop < NEAR:
            runs[-1] = range(runs[-1].start, offset + 1)
        else:
            runs.append(range(offset, offset + 1))
    return runs
