"""The `posts.dlq` topic: rejected posts with their reasons; headers, reading, sending again.

Not for deciding what is rejected: `connectors.schemas.codec` and the worker do.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import DeadLetterMissingError
from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import Record, read_topic
from connectors.schemas.rejection import Reason

REPLAYED_FROM: Final = "replayed-from"
YEAR_10000: Final = 253_402_300_800  # Unix seconds


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected post as it lies in `posts.dlq`.

    Attributes:
        partition, offset: where the dead letter itself lies.
        key, value: the post's own, untouched.
        reason: one of the contract's reasons, or what else its header says.
        source: `topic:partition:offset` of the post.
        source_topic_id: incarnation of that topic.
        failed_at: Unix seconds; None where the header has no such number.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str
    source: str
    source_topic_id: str
    failed_at: float | None

    @property
    def source_topic(self) -> str:
        """Whole name of the topic that the post was rejected from."""
        return self.source.rsplit(":", maxsplit=2)[0]

    @property
    def place(self) -> str:
        """`partition:offset`, by which commands name it."""
        return f"{self.partition}:{self.offset}"


def dead_letter_headers(
    reason: Reason,
    detail: str,
    *,
    source_topic: str,
    source_topic_id: str,
    source_partition: int,
    source_offset: int,
    failed_at: float,
) -> list[tuple[str, bytes]]:
    """Headers of a dead letter, each as UTF-8 text.

    `failed_at` is Unix seconds and written with three decimals.
    """
    texts = {
        "reason": reason.value,
        "detail": detail,
        "source-topic": source_topic,
        "source-topic-id": source_topic_id,
        "source-partition": str(source_partition),
        "source-offset": str(source_offset),
        "failed-at": f"{failed_at:.3f}",
    }
    return [(name, text.encode(errors="backslashreplace")) for name, text in texts.items()]


async def read_dead_letters(connection: KafkaConnection, topic: str) -> AsyncIterator[DeadLetter]:
    """All dead letters as of now, in offset order within each partition.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
    """
    async for record in read_topic(connection, topic):
        yield _dead_letter(record)


async def find_dead_letter(
    connection: KafkaConnection, topic: str, partition: int, offset: int
) -> DeadLetter:
    """The dead letter at a place.

    Raises:
        BrokerUnreachableError: no broker answers.
        TopicMissingError: there is no such topic.
        DeadLetterMissingError: nothing lies there, or no longer.
    """
    here = read_topic(connection, topic, {partition: offset}, only={partition})
    async with contextlib.aclosing(here) as records:
        async for record in records:
            if record.offset == offset:
                return _dead_letter(record)
            break
    raise DeadLetterMissingError(
        f"{topic} has no dead letter at {partition}:{offset}; see `voxpop dlq list`"
    )


async def replay(
    producer: PostProducer,
    letter: DeadLetter,
    mended: bytes | None = None,
    mended_key: bytes | None = None,
) -> asyncio.Future[Delivery]:
    """Send a dead letter's post again; the dead letter stays where it is.

    Args:
        producer: of the topic to send to.
        letter: the dead letter.
        mended: a valid value to send in place of the letter's own.
        mended_key: the key of that one.

    Returns:
        A future of where the post now stands; `producer.flush` waits for it.

    Raises:
        DeliveryError: the broker cannot be reached.
    """
    headers = [(REPLAYED_FROM, letter.place.encode())]
    if mended is not None:
        return await producer.send_raw(mended_key, mended, headers)
    return await producer.send_raw(letter.key, letter.value, headers)


def _dead_letter(record: Record) -> DeadLetter:
    texts = {name: value.decode(errors="replace") for name, value in record.headers}
    source = ("source-topic", "source-partition", "source-offset")
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        reason=texts.get("reason", "unknown"),
        detail=texts.get("detail", ""),
        source=":".join(texts.get(name, "?") for name in source),
        source_topic_id=texts.get("source-topic-id", ""),
        failed_at=_seconds(texts.get("failed-at", "")),
    )


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < YEAR_10000 else None
