"""The topic `posts.raw` as one source writes it: posts out, and what it wrote before a crash.

Not for judging features: those are made from these posts.
"""

import time
from asyncio import Future
from collections.abc import AsyncIterator, Mapping
from typing import Final, Self

import orjson
from aiokafka.errors import KafkaError

from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import partition_count
from connectors.schemas.event_time import event_time
from connectors.schemas.post import RawPost
from connectors.schemas.rejection import Rejection

WRITER: Final = "ingested-by"  # header: the source, so that it finds its own records again


class RawTopic:
    """Sends raw posts, each once and no faster than Kafka takes them. A context manager.

    Args:
        topic: the topic's whole name, prefix included.
        writer: name of the source.
        post_max_bytes: a larger post is refused.
    """

    def __init__(
        self, connection: KafkaConnection, topic: str, writer: str, post_max_bytes: int
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._headers = [(WRITER, writer.encode())]
        self._post_max_bytes = post_max_bytes
        self._producer = PostProducer(connection, topic=topic)
        self._next_offsets: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        """Connect; raises as `PostProducer` does."""
        await self._producer.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Deliver what is in flight and disconnect; raises as `PostProducer` does."""
        await self._producer.__aexit__(kind, *rest)

    async def send(self, post: RawPost) -> None:
        """Send a post; waits while too many are in flight.

        Raises:
            ValueError: its time cannot be true, or it is too large. Nothing was sent.
            DeliveryError: the broker takes nothing.
        """
        try:
            event_time(post.created_at, now=time.time())
        except Rejection as rejection:
            raise ValueError(rejection.detail) from rejection
        value = orjson.dumps(post.model_dump(mode="json"))
        if len(value) > self._post_max_bytes:
            raise ValueError(f"{len(value)} bytes; a post may have {self._post_max_bytes}")
        sent = await self._producer.send_raw(post.conversation_id.encode(), value, self._headers)
        sent.add_done_callback(self._note)

    async def flush(self) -> dict[int, int]:
        """Wait until all that was sent is delivered.

        Returns:
            Partition -> the offset behind the last post that this source delivered there.

        Raises:
            DeliveryError: some were not delivered, or the broker takes nothing.
        """
        await self._producer.flush()
        return dict(self._next_offsets)

    async def ends(self) -> dict[int, int]:
        """Partition -> the offset behind its last record now.

        Raises:
            BrokerUnreachableError: no broker answers.
        """
        partitions = range(await partition_count(self._connection, self._topic))
        try:
            held = await offset_bounds(self._connection, self._topic, partitions)
        except KafkaError as error:
            raise BrokerUnreachableError(self._connection.bootstrap_servers) from error
        return {partition: end for partition, (_, end) in held.items()}

    async def own_posts(self, next_offsets: Mapping[int, int]) -> AsyncIterator[str]:
        """Ids of the posts that this source delivered from these offsets on.

        Raises:
            BrokerUnreachableError: no broker answers.
            NotAllowedError: this client may not read the topic.
        """
        async for record in read_topic(self._connection, self._topic, next_offsets):
            if record.value is not None and list(record.headers) == self._headers:
                yield str(orjson.loads(record.value)["post_id"])

    def _note(self, sent: Future[Delivery]) -> None:
        if not sent.cancelled() and sent.exception() is None:
            delivery = sent.result()
            behind = max(delivery.offset + 1, self._next_offsets.get(delivery.partition, 0))
            self._next_offsets[delivery.partition] = behind
