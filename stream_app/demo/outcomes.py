"""What the workers write: predictions and dead letters, followed while they come.

Each counts once, whatever was delivered twice. Not for the counts in Redis: `tally` reads those.
"""

from collections import Counter, deque
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.topics import partition_count

RECENT: Final = 12
POLL_MS: Final = 200


class Outcomes:
    """What became of the posts so far.

    Attributes:
        rejected: dead letters by reason.
        recent: the last predictions.
    """

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        self.recent: deque[dict[str, Any]] = deque(maxlen=RECENT)
        self._scored: set[tuple[int, int]] = set()
        self._dead_lettered: set[tuple[int, int]] = set()

    @property
    def scored(self) -> int:
        """Different posts with a prediction."""
        return len(self._scored)

    @property
    def dead_lettered(self) -> int:
        """Different posts among the dead letters."""
        return len(self._dead_lettered)

    def prediction(self, value: bytes) -> None:
        """Take one record of `predictions`."""
        document = orjson.loads(value)
        source = document["source"]["partition"], document["source"]["offset"]
        if source not in self._scored:
            self._scored.add(source)
            self.recent.append(document)

    def dead_letter(self, headers: dict[str, bytes]) -> None:
        """Take the headers of one record of `posts.dlq`."""
        source = int(headers["source-partition"]), int(headers["source-offset"])
        if source not in self._dead_lettered:
            self._dead_lettered.add(source)
            self.rejected[headers["reason"].decode()] += 1


async def follow(
    connection: KafkaConnection, predictions: str, dead_letters: str, outcomes: Outcomes
) -> None:
    """Read both topics from their beginning, until cancelled; no group is joined."""
    places = [
        TopicPartition(topic, partition)
        for topic in (predictions, dead_letters)
        for partition in range(await partition_count(connection, topic))
    ]
    consumer = AIOKafkaConsumer(
        **connection.client_options(), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        while True:
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for record in records:
                    if place.topic == predictions:
                        outcomes.prediction(record.value)
                    else:
                        outcomes.dead_letter(dict(record.headers))
    finally:
        await consumer.stop()
