"""The topics that a worker writes: `predictions` and `posts.dlq`, each write confirmed."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence

from aiokafka import AIOKafkaProducer

from connectors.conversations.source import SourcePartition
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.sending import Sendable, abandon, send_packed, send_record
from connectors.schemas.prediction import Prediction
from stream_app.core.outcome import Outcome, Rejected
from stream_app.core.record import Record
from stream_app.dead_letter import dead_letter

SOURCE_TOPIC_ID = "source-topic-id"
MAX_REQUEST_BYTES = 128 * 1024 * 1024  # counted before compression; the topic's limit decides
MAX_BATCH_BYTES = 512 * 1024  # half of what brokers take unless told otherwise
STOP_S = 5.0


class Outputs:
    """Writes outcomes to their topics.

    Args:
        connection: how to reach Kafka.
        predictions_topic: full name of `predictions`.
        dead_letters_topic: full name of `posts.dlq`.
        delivery_timeout_s: longest wait for the brokers' confirmation of a batch.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        predictions_topic: str,
        dead_letters_topic: str,
        delivery_timeout_s: float,
    ) -> None:
        self._connection = connection
        self._predictions_topic = predictions_topic
        self._dead_letters_topic = dead_letters_topic
        self._delivery_timeout_s = delivery_timeout_s
        self._prediction_partitions = 0

    async def start(self) -> None:
        """Connect."""
        self._producer = AIOKafkaProducer(
            **self._connection.client_options(),
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_request_size=MAX_REQUEST_BYTES,
            max_batch_size=MAX_BATCH_BYTES,
            request_timeout_ms=int(self._delivery_timeout_s * 1000),
        )
        await self._producer.start()
        partitions = await self._producer.partitions_for(self._predictions_topic)
        self._prediction_partitions = len(partitions)

    async def stop(self) -> None:
        """Close the connection; without a broker, what was not confirmed is given up."""
        try:
            await asyncio.wait_for(self._producer.stop(), STOP_S)
        except TimeoutError:
            await abandon(self._producer)

    async def deliver(
        self, source: SourcePartition, outcomes: Mapping[int, Outcome], records: Sequence[Record]
    ) -> None:
        """Write the outcomes of one source partition and wait until the brokers have them all.

        Args:
            source: the partition.
            outcomes: by offset.
            records: the originals of those offsets, for the keys and the dead letters.

        Raises:
            aiokafka.errors.KafkaError: a write was not confirmed.
            TimeoutError: the brokers did not confirm in time.
        """
        predictions: list[tuple[Record, Prediction]] = []
        async with asyncio.timeout(self._delivery_timeout_s):
            confirmations: list[Awaitable[object]] = []
            for record in records:
                outcome = outcomes[record.offset]
                if isinstance(outcome, Prediction):
                    predictions.append((record, outcome))
                elif isinstance(outcome, Rejected):
                    confirmations.append(await self._refuse(source, record, outcome))
            confirmations += await self._predict(source, predictions)
            await asyncio.gather(*confirmations)

    async def _predict(
        self, source: SourcePartition, predictions: Sequence[tuple[Record, Prediction]]
    ) -> Sequence[Awaitable[object]]:
        headers = [(SOURCE_TOPIC_ID, source.topic_id.encode())]
        partition = source.partition % self._prediction_partitions
        records = (
            Sendable(record.key, prediction.encoded, headers) for record, prediction in predictions
        )
        return await send_packed(self._producer, self._predictions_topic, partition, records)

    async def _refuse(
        self, source: SourcePartition, record: Record, outcome: Rejected
    ) -> Awaitable[object]:
        letter = dead_letter(source, record, outcome)
        topic = self._dead_letters_topic
        return await send_record(self._producer, topic, letter.key, letter.value, letter.headers)
