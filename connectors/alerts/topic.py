"""Alerts into the `alerts` topic, keyed by track. Not for posts: that is `PostProducer`."""

from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError, DeliveryError
from connectors.kafka.sending import send_record
from connectors.kafka.topics import ALERTS, describe_topic
from connectors.schemas.alert import Alert


class AlertTopic:
    """Sends alerts, each delivered before the next. A context manager.

    Args:
        connection: how to reach the brokers.
        topic: the topic's whole name, prefix included.
    """

    def __init__(self, connection: KafkaConnection, topic: str = ALERTS) -> None:
        self._connection = connection
        self._topic = topic

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerUnreachableError: no broker answers.
            TopicMissingError: the topic is not there.
        """
        await describe_topic(self._connection, self._topic)
        self._producer = AIOKafkaProducer(
            **self._connection.client_options(), enable_idempotence=True, acks="all"
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise BrokerUnreachableError(self._connection.bootstrap_servers) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def put(self, alert: Alert) -> None:
        """Send an alert and wait until the brokers have it.

        Raises:
            DeliveryError: they did not take it; put it again.
        """
        try:
            sent = await send_record(
                self._producer, self._topic, alert.track.encode(), alert.encoded
            )
            await sent
        except (KafkaError, OSError) as error:
            raise DeliveryError(f"{self._topic}: an alert was not sent: {error!r}") from error
