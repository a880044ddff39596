"""Posts at a steady rate to a program at work, and what each waited. Not for the program's start.

Nothing is asked of the broker or of Redis while posts come; predictions are read when all are
there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import orjson

from benchmarks.peers.latency import Latency, Place
from benchmarks.peers.process import PeerStoppedError
from benchmarks.posts import WirePost
from benchmarks.sending import posts_needed, send_at_rate
from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import DEFAULT_PARTITIONS

SETTLING_S: Final = 3.0  # of each rate that is not judged: batches find their size
DRAIN_S: Final = 60.0
_POLL_S: Final = 0.25

Appended = Mapping[Place, int]


@dataclass(frozen=True, slots=True)
class Way:
    """The topics that a program at work reads and writes; both carry the broker's time.

    Attributes:
        posts: full name.
        predictions: full name.
        require_alive: raises `PeerStoppedError` when the program is gone.
    """

    kafka: KafkaConnection
    posts: str
    predictions: str
    require_alive: Callable[[], None]


async def paced(way: Way, posts: Iterator[WirePost], rate: float, seconds: float) -> Latency:
    """Send posts at a steady rate, wait for all predictions and judge those past the settling.

    Args:
        way: to the program and back; nothing of its topic is without prediction.
        posts: what is sent, without end; made before the first is sent.
        rate: posts a second.
        seconds: how long, besides the time to settle.

    Raises:
        PeerStoppedError: the program is gone, or a post has no prediction in time.
    """
    settling = list(islice(posts, posts_needed(rate, SETTLING_S)))
    judging = list(islice(posts, posts_needed(rate, seconds)))
    before = await _ends(way)
    settled: dict[Place, int] = {}
    judged: dict[Place, int] = {}
    async with PostProducer(way.kafka, topic=way.posts) as producer:
        await send_at_rate(producer, iter(settling), rate, SETTLING_S, partial(_note, settled))
        await send_at_rate(producer, iter(judging), rate, seconds, partial(_note, judged))
        await producer.flush()
    predictions = await all_predicted(
        settled.keys() | judged.keys(),
        partial(_written_since, way, before),
        partial(_predictions, way, before),
        way.require_alive,
    )
    return Latency.between(rate, judged, predictions)


async def all_predicted(
    posts: Collection[Place],
    written: Callable[[], Awaitable[int]],
    read: Callable[[], Awaitable[Appended]],
    require_alive: Callable[[], None],
    within_s: float = DRAIN_S,
) -> Appended:
    """The first prediction of each post, once there is one of every post.

    Args:
        posts: that were sent.
        written: how many predictions there are; one post may have several.
        read: when the first prediction of each post was appended.
        require_alive: raises when the program is gone.
        within_s: how long is waited.

    Raises:
        PeerStoppedError: it is gone, or a post has no prediction in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        await asyncio.sleep(min(_POLL_S, within_s))
        require_alive()
        late = time.monotonic() > deadline
        if late or await written() >= len(posts):
            predictions = await read()
            missing = sum(place not in predictions for place in posts)
            if not missing:
                return predictions
            if late:
                raise PeerStoppedError(
                    f"{missing} of {len(posts)} posts have no prediction {within_s:.0f} s after "
                    "the last was sent"
                )


def _note(appended: dict[Place, int], post: WirePost, at: Delivery) -> None:
    del post
    appended[Place(at.partition, at.offset)] = at.append_ms


async def _ends(way: Way) -> dict[int, int]:
    bounds = await offset_bounds(way.kafka, way.predictions, range(DEFAULT_PARTITIONS))
    return {partition: end for partition, (_, end) in bounds.items()}


async def _written_since(way: Way, before: Mapping[int, int]) -> int:
    return sum((await _ends(way)).values()) - sum(before.values())


async def _predictions(way: Way, before: Mapping[int, int]) -> Appended:
    first: dict[Place, int] = {}
    async for record in read_topic(way.kafka, way.predictions, before):
        source = orjson.loads(record.value or b"")["source"]
        place = Place(source["partition"], source["offset"])
        first[place] = min(record.timestamp_ms, first.get(place, record.timestamp_ms))
    return first
