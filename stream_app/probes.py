"""Looks at a running worker every few seconds and tells its health and metrics what it sees.

Not for judging it: that is `health`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import redis.asyncio
import redis.exceptions
from aiokafka.errors import KafkaError

from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError
from connectors.kafka.topics import topic_id
from connectors.redis_connection import ServerChangedError
from stream_app.broker import Broker
from stream_app.health import PROBE_EVERY_S, Health, Position
from stream_app.metrics import Metrics

LOOK_EVERY_S: Final = 1.0
ANSWER_WITHIN_S: Final = 5.0


class Probes:
    """Asks the servers and compares the worker's progress with what Kafka has.

    Args:
        kafka: asked over connections of its own: the consumer's may be what stands still.
        redis: the worker's client; None where it needs no Redis.
        topic: full name of the source topic.
        broker: says which partitions are assigned.
        done: partition -> offset after the last post done; None while it is being started.
        held_back: partition -> whether it waits for media.
        health: told what was seen.
        metrics: told the lag, and what waits for a transaction to end.
    """

    def __init__(
        self,
        *,
        kafka: KafkaConnection,
        redis: redis.asyncio.Redis | None,
        topic: str,
        broker: Broker,
        done: Callable[[int], int | None],
        held_back: Callable[[int], bool],
        health: Health,
        metrics: Metrics,
    ) -> None:
        self._kafka = kafka
        self._redis = redis
        self._topic = topic
        self._broker = broker
        self._done = done
        self._held_back = held_back
        self._health = health
        self._metrics = metrics
        self._ends: Mapping[int, int] = {}

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            ServerChangedError: another run of Redis answers.
        """
        asking = [self._look_forever(), self._ask_kafka()]
        if self._redis is not None:
            asking.append(self._ask_redis(self._redis))
        await asyncio.gather(*asking)

    def look(self) -> None:
        """Tell how far the assigned partitions are."""
        positions = {
            partition: Position(
                self._done(partition),
                max(self._broker.highwater(partition), self._ends.get(partition, 0)),
                self._held_back(partition),
            )
            for partition in self._broker.assigned()
        }
        self._health.look(positions)
        self._metrics.lag({partition: each.lag for partition, each in positions.items()})
        self._metrics.unstable({each: self._broker.unstable(each) for each in positions})

    async def _look_forever(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _ask_redis(self, client: redis.asyncio.Redis) -> None:
        while True:
            try:
                await client.ping()
            except ServerChangedError:
                raise
            except redis.exceptions.RedisError as error:
                self._health.failed("Redis", f"{type(error).__name__}: {error}")
            else:
                self._health.answered("Redis")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _ask_kafka(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._ask_for_ends()
            except (KafkaError, KafkaConnectorError, OSError) as error:
                self._health.failed("Kafka", f"{type(error).__name__}: {error}")
            else:
                self._health.answered("Kafka")
            await asyncio.sleep(PROBE_EVERY_S)

    async def _ask_for_ends(self) -> None:
        assigned = self._broker.assigned()
        if not assigned:
            await topic_id(self._kafka, self._topic)
            return
        bounds = await offset_bounds(self._kafka, self._topic, assigned)
        self._ends = {partition: end for partition, (_, end) in bounds.items()}
