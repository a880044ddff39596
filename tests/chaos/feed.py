"""Sends the known posts at a steady rate, whatever happens to the brokers, and writes the ledger.

Not for making the posts: that is `posts`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import DeliveryError
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import topic_id
from tests.chaos.posts import Ledger, Place, Post

PATIENCE_S: Final = 240.0  # longer than any fault keeps the brokers away


class Feed:
    """The producers of a run, as one.

    Args:
        connection: to Kafka.
        topic: full name of the source topic.
        posts: in the order in which they are sent.
        ledger: learns where each came to lie.
        per_s: posts a second.

    Attributes:
        sent: records handed to the producer.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        posts: Iterator[Post],
        ledger: Ledger,
        per_s: float,
    ) -> None:
        self.per_s = per_s
        self.sent = 0
        self._connection = connection
        self._topic = topic
        self.posts = posts
        self._ledger = ledger
        self._pouring: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send until `stop`."""
        self._stopping = asyncio.Event()
        self._pouring = asyncio.create_task(self._pour())

    async def stop(self) -> None:
        """Send no more, and wait until the brokers have what was sent."""
        if self._pouring is not None:
            self._stopping.set()
            await self._pouring
            self._pouring = None

    async def end(self) -> None:
        """Send no more, whether the brokers have it or not."""
        if self._pouring is not None:
            self._pouring.cancel()
            await asyncio.wait([self._pouring])
            self._pouring = None

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Send nothing while the body runs."""
        await self.stop()
        yield
        self.start()

    async def send(self, count: int) -> None:
        """Send some posts as fast as the brokers take them; not while `start` sends."""
        async with self._producer() as producer:
            incarnation = await topic_id(self._connection, self._topic)
            for post in islice(self.posts, count):
                await self._send(producer, post, incarnation)

    async def _pour(self) -> None:
        """In a hurry where it fell behind for a moment only: an outage is not caught up on."""
        due_s = time.monotonic()
        async with self._producer() as producer:
            incarnation = await topic_id(self._connection, self._topic)
            for post in self.posts:
                await self._send(producer, post, incarnation)
                due_s = max(due_s + 1 / self.per_s, time.monotonic() - 1)
                with contextlib.suppress(TimeoutError):
                    wait_s = max(0.0, due_s - time.monotonic())
                    await asyncio.wait_for(self._stopping.wait(), wait_s)
                if self._stopping.is_set():
                    return

    async def _send(self, producer: PostProducer, post: Post, incarnation: str) -> None:
        self.sent += 1
        sent = await producer.send_raw(post.key, post.value)
        sent.add_done_callback(lambda done: self._settle(done, post, incarnation))

    def _settle(self, done: "asyncio.Future[Delivery]", post: Post, incarnation: str) -> None:
        if done.cancelled() or isinstance(done.exception(), DeliveryError):
            self._ledger.unplaced.append(post)
            return
        delivery = done.result()
        place = Place(incarnation, delivery.partition, delivery.offset)
        self._ledger.placed[place] = post
        self._ledger.came_ms[place] = delivery.append_ms

    def _producer(self) -> PostProducer:
        return PostProducer(
            self._connection,
            topic=self._topic,
            max_in_flight=200,
            compression="none",
            delivery_timeout_s=PATIENCE_S,
        )
