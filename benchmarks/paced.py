"""How long posts take from their append in Kafka until Redis shows them, while posts come.

And how many are counted meanwhile. Not for a backlog, beside which nothing is sent: that is
`pipeline`.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from benchmarks.posts import WirePost
from benchmarks.sending import send_at_rate
from connectors.conversations.source import SourcePartition
from connectors.kafka.in_flight import Delivery
from connectors.kafka.metadata import describe_topics
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS
from connectors.trends.layout import TrendLayout
from stream_app.settings import Settings
from stream_app.trial.latency import SentPost, Visibility, watch_fences
from stream_app.trial.percentiles import percentiles

SETTLING_S: Final = 2.0  # of each run that is not judged: the rate has just begun
DRAIN_S: Final = 60.0
_TICK_S: Final = 0.005


async def paced_latency(
    settings: Settings, posts: Sequence[WirePost], rate: float, seconds: float
) -> Mapping[str, float | None]:
    """Percentiles of the latency, milliseconds, while posts come at a steady rate.

    Args:
        settings: of the run, whose workers are ready.
        posts: sent over and over.
        rate: posts a second.
        seconds: how long, besides the time to settle.

    Returns:
        `p50`, `p95` and `p99`, and `behind_s`: seconds after the last post until all were visible.

    Raises:
        TimeoutError: posts do not become visible.
    """
    topic = settings.topic(POSTS)
    connection = settings.kafka_connection()
    topic_id = (await describe_topics(connection, [topic]))[topic].topic_id
    source = SourcePartition(topic, topic_id, 0).field.removesuffix("0")
    tracks = sorted({post.post.tracks[0] for post in posts})
    visibility = Visibility()
    async with settings.redis_connection().open() as client:
        layout = TrendLayout(settings.namespace())
        watch = asyncio.create_task(watch_fences(client, layout, tracks, source, visibility))
        try:
            async with PostProducer(connection, topic=topic) as producer:
                endless = itertools.cycle(posts)
                await send_at_rate(producer, endless, rate, SETTLING_S)
                await send_at_rate(
                    producer, endless, rate, seconds, partial(_delivered, visibility)
                )
                await producer.flush()
            ended = time.monotonic()
            async with asyncio.timeout(DRAIN_S):
                while visibility.waiting():  # noqa: ASYNC110 - a fence that is read sets no event
                    await asyncio.sleep(_TICK_S)
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
    behind_s = round(time.monotonic() - ended, 2)
    return {**percentiles(visibility.latencies_ms), "behind_s": behind_s}


async def rate_beside_producer(
    settings: Settings,
    posts: Sequence[WirePost],
    rate: float,
    seconds: float,
    counted: Callable[[], Awaitable[int]],
) -> float:
    """Posts a second that are counted while a producer on the same machine keeps them waiting.

    Args:
        settings: of the run, whose workers are ready.
        posts: sent over and over.
        rate: posts a second that are sent: more than can be counted.
        seconds: how long, besides the time to settle.
        counted: posts that Redis counts; all that are sent are waited for.

    Raises:
        TimeoutError: posts are not counted.
    """
    sent, before = Visibility(), await counted()
    async with PostProducer(settings.kafka_connection(), topic=settings.topic(POSTS)) as producer:
        endless = itertools.cycle(posts)
        taken = partial(_delivered, sent)
        await send_at_rate(producer, endless, rate, SETTLING_S, taken)
        began, first = time.monotonic(), await counted()
        await send_at_rate(producer, endless, rate, seconds, taken)
        ended, last = time.monotonic(), await counted()
        await producer.flush()
    async with asyncio.timeout(DRAIN_S):
        while await counted() < before + sent.waiting():  # noqa: ASYNC110 - a count sets no event
            await asyncio.sleep(10 * _TICK_S)
    return (last - first) / (ended - began)


def _delivered(visibility: Visibility, post: WirePost, at: Delivery) -> None:
    track = post.post.tracks[0]
    visibility.delivered(
        SentPost(at.offset, at.partition, track, at.append_ms, post.post.created_at)
    )
