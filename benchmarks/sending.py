"""Posts into Kafka at a steady rate. Not for what becomes of them."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from benchmarks.posts import WirePost
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer

_TICK_S: Final = 0.005

Taken = Callable[[WirePost, Delivery], None]


def posts_needed(rate: float, seconds: float) -> int:
    """Most posts that `send_at_rate` asks for."""
    return math.ceil(rate * seconds)


async def send_at_rate(
    producer: PostProducer,
    posts: Iterator[WirePost],
    rate: float,
    seconds: float,
    taken: Taken | None = None,
) -> None:
    """Send for a while; what is late is sent at once, so that the rate holds on average.

    Args:
        producer: its `flush` waits for all of them and tells of those that failed.
        posts: has at least `posts_needed`.
        rate: posts a second.
        seconds: how long.
        taken: told of each post that the broker has taken.
    """
    began = time.monotonic()
    sent = 0
    while (elapsed_s := time.monotonic() - began) < seconds:
        while sent < elapsed_s * rate:
            post = next(posts)
            delivery = await producer.send_raw(post.key, post.value)
            if taken is not None:
                delivery.add_done_callback(partial(_tell, taken, post))
            sent += 1
        await asyncio.sleep(_TICK_S)


def _tell(taken: Taken, post: WirePost, done: "asyncio.Future[Delivery]") -> None:
    if not done.cancelled() and done.exception() is None:  # the producer's flush raises it
        taken(post, done.result())
