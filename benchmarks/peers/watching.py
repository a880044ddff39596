"""How fast posts went, seen from outside and for every peer alike: by the broker's clock.

The topic of predictions carries the broker's time, so nothing has to be asked while a peer works
but whether it is done. Not for latencies.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import orjson

from benchmarks.peers.process import PeerStoppedError
from benchmarks.steady import steady_rate
from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import DEFAULT_PARTITIONS, TopicSpec, create_topics

NO_PROGRESS_S: Final = 90.0
LUMP_S: Final = 0.01
LARGEST_LUMP: Final = 0.2
_POLL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Seen:
    """What a peer made of its posts.

    Attributes:
        rate: posts a second between a tenth and nine tenths of them.
        window_posts: posts that the model saw for one, on average.
    """

    rate: float
    window_posts: float


async def predictions_topic(connection: KafkaConnection, name: str) -> None:
    """Make a topic of predictions that carries the broker's time."""
    spec = TopicSpec(name, DEFAULT_PARTITIONS, config={"message.timestamp.type": "LogAppendTime"})
    await create_topics(connection, [spec])


async def until_done(
    counted: Callable[[], Awaitable[int]],
    predicted: Callable[[], Awaitable[int]],
    total: int,
    require_alive: Callable[[], None],
) -> None:
    """Return when all posts are counted in Redis and written to Kafka.

    Args:
        counted: how many Redis counts.
        predicted: how many predictions there are.
        total: posts.
        require_alive: raises when the peer is gone.

    Raises:
        PeerStoppedError: it is gone, or nothing moves.
    """
    last, moved = (0, 0), time.monotonic()
    while min(last) < total:
        await asyncio.sleep(_POLL_S)
        require_alive()
        in_redis = await counted()
        now = (in_redis, last[1] if in_redis < total else await predicted())
        if now != last:
            last, moved = now, time.monotonic()
        elif time.monotonic() - moved > NO_PROGRESS_S:
            raise PeerStoppedError(
                f"of {total} posts {last[0]} are counted and {last[1]} predicted, and nothing has "
                f"moved for {NO_PROGRESS_S:.0f} s"
            )


async def written(connection: KafkaConnection, topic: str) -> int:
    """Records of a topic."""
    bounds = await offset_bounds(connection, topic, range(DEFAULT_PARTITIONS))
    return sum(end for _, end in bounds.values())


async def what_was_seen(connection: KafkaConnection, topic: str, total: int) -> Seen:
    """Rate and windows from the predictions; a post predicted twice counts once, the first time.

    Raises:
        PeerStoppedError: a post has no prediction.
        benchmarks.pipeline.BenchmarkStoppedError: too few posts to tell a rate.
    """
    first_ms: dict[str, int] = {}
    windows = []
    async for record in read_topic(connection, topic):
        document = orjson.loads(record.value or b"")
        post = document["post_id"]
        first_ms[post] = min(record.timestamp_ms, first_ms.get(post, record.timestamp_ms))
        windows.append(document["window_posts"])
    if len(first_ms) != total:
        raise PeerStoppedError(f"{len(first_ms)} of {total} posts have a prediction")
    at_once = sorted(Counter(first_ms.values()).items())
    _refuse_lumps(first_ms.values(), total)
    moments = [moment / 1000 for moment, _ in at_once]
    samples = list(zip(moments, accumulate(posts for _, posts in at_once), strict=True))
    return Seen(round(steady_rate(samples, total), 1), round(sum(windows) / len(windows), 1))


def _refuse_lumps(moments_ms: Collection[int], total: int) -> None:
    """Raise where most posts of a run came at once: the time that they took is before the first."""
    lumps = Counter(moment // int(LUMP_S * 1000) for moment in moments_ms)
    largest = max(lumps.values())
    if largest > LARGEST_LUMP * total:
        raise PeerStoppedError(
            f"{largest} of {total} predictions came within {LUMP_S * 1000:.0f} ms, too many to "
            "tell a rate: measure with more posts"
        )
