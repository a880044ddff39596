"""Posts into Kafka: validated, each at least once and in order, and no faster than it takes them.

Not for predictions or dead letters: the worker writes those.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Literal, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError, DeliveryError
from connectors.kafka.in_flight import Delivery, InFlight
from connectors.kafka.metadata import Operation
from connectors.kafka.sending import Headers, abandon, send_record
from connectors.kafka.topics import POSTS, describe_topic
from connectors.schemas.codec import decode_value, encode_post
from connectors.schemas.post import PostDocument
from connectors.schemas.rejection import Rejection

Compression = Literal["none", "gzip", "lz4", "zstd"]

MEBIBYTE: Final = 1024 * 1024


class PostProducer:
    """Sends posts to the `posts` topic, keyed by conversation, so that each keeps its order.

    A context manager: leaving it waits for every post in flight.

    Args:
        topic: the topic's whole name, prefix included.
        max_in_flight: posts sent and not yet delivered; `send` waits past that.
        post_max_bytes: a larger post is refused here rather than by the worker.
        compression: zstd takes a quarter off base64, where lz4 takes next to nothing.
        linger_ms: how long a batch waits to fill.
        delivery_timeout_s: when the broker takes nothing for that long, sending fails.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        topic: str = POSTS,
        max_in_flight: int = 1000,
        post_max_bytes: int = MEBIBYTE,
        compression: Compression = "zstd",
        linger_ms: int = 5,
        delivery_timeout_s: float = 40.0,
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._post_max_bytes = post_max_bytes
        self._in_flight = InFlight(
            max_in_flight, delivery_timeout_s, f"{topic} at {connection.bootstrap_servers}"
        )
        self._options = connection.client_options() | {
            "enable_idempotence": True,
            "acks": "all",
            "compression_type": None if compression == "none" else compression,
            "linger_ms": linger_ms,
            "max_batch_size": MEBIBYTE // 2,
            "max_request_size": 64 * MEBIBYTE,  # the topic's own limit decides
            "request_timeout_ms": int(delivery_timeout_s * 1000),
        }

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerUnreachableError: no broker answers.
            TopicMissingError: the topic is not there; none is made on the way.
            NotAllowedError: this client may not write to it.
        """
        topic = await describe_topic(self._connection, self._topic)
        topic.require(Operation.WRITE, self._connection)
        self._producer = AIOKafkaProducer(**self._options)
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise BrokerUnreachableError(self._connection.bootstrap_servers) from error
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Deliver what is in flight and disconnect.

        Raises:
            DeliveryError: as `flush`, unless another error is already on its way.
        """
        try:
            await self.flush()
        except DeliveryError as error:
            await abandon(self._producer)
            self._in_flight.abandon(error)
            if kind is None:
                raise
        else:
            await self._producer.stop()

    async def send(
        self, post: PostDocument | Mapping[str, object] | bytes, headers: Headers = ()
    ) -> asyncio.Future[Delivery]:
        """Send one post; returns once it is admitted, which waits while too many are in flight.

        Args:
            post: the envelope; as a mapping its features may be arrays, as bytes it is sent
                unchanged.
            headers: Kafka headers of the record; the worker ignores them.

        Returns:
            A future of the delivery. It need not be awaited: `flush` tells of failures.

        Raises:
            ValueError: the post is invalid; says the reason and where. Nothing was sent.
            DeliveryError: the broker takes nothing, so that it was not admitted.
        """
        value = post if isinstance(post, bytes) else encode_post(post)
        try:
            valid = decode_value(value, now=time.time(), max_bytes=self._post_max_bytes)
        except Rejection as rejection:
            raise ValueError(str(rejection)) from rejection
        return await self.send_raw(valid.conversation_id.encode(), value, headers)

    async def send_raw(
        self, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> asyncio.Future[Delivery]:
        """Send a record unjudged and unchanged; the worker judges it.

        Raises:
            DeliveryError: the broker takes nothing, or the record is over 64 MiB.
        """
        await self._in_flight.admit()
        try:
            sent = await send_record(self._producer, self._topic, key, value, headers)
        except (KafkaError, OSError) as error:
            self._in_flight.give_back()
            raise DeliveryError(f"{self._topic}: a post was not sent: {error!r}") from error
        except BaseException:
            self._in_flight.give_back()
            raise
        return self._in_flight.track(sent)

    async def flush(self) -> None:
        """Wait until every post sent so far is delivered or has failed.

        Raises:
            DeliveryError: some failed since the last flush, or the broker takes nothing; says
                how many and why.
        """
        if failures := await self._in_flight.settled():
            raise DeliveryError(
                f"{self._topic}: {len(failures)} posts were not delivered to "
                f"{self._connection.bootstrap_servers}, the first for {failures[0]!r}; "
                "send them again"
            ) from failures[0]
