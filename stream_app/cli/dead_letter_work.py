"""The work of `voxpop dlq` with Kafka: which dead letters are meant, and sending them again.

Not for printing: that is `dead_letter_view`.
"""

import time
from collections.abc import Sequence
from typing import Protocol

from connectors.kafka.dead_letters import DeadLetter, find_dead_letter, read_dead_letters, replay
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import DEAD_LETTERS, POSTS, RAW_POSTS
from connectors.schemas.codec import decode_raw_value, decode_value
from connectors.schemas.post import DecodedPost, RawPost
from connectors.schemas.rejection import Reason, Rejection
from stream_app.cli.errors import CliError
from stream_app.settings import Settings


def parsed_place(text: str) -> tuple[int, int]:
    """Partition and offset of `PARTITION:OFFSET`.

    Raises:
        CliError: it is nothing of the kind.
    """
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise CliError(f"{text!r} is no PARTITION:OFFSET such as 3:1207; see `voxpop dlq list`", 2)
    return int(partition), int(offset)


async def selected(reason: str | None) -> list[DeadLetter]:
    """Dead letters with a reason, or all, oldest first.

    Raises:
        CliError: no dead letter can have that reason.
        KafkaConnectorError: a broker or topic is missing.
    """
    if reason is not None and reason not in set(Reason):
        raise CliError(f"{reason!r} is no reason; the reasons are {', '.join(Reason)}", 2)
    settings = Settings()
    letters = [
        letter
        async for letter in read_dead_letters(
            settings.kafka_connection(), settings.topic(DEAD_LETTERS)
        )
        if reason in {None, letter.reason}
    ]
    return sorted(letters, key=lambda each: (each.failed_at or 0, each.partition, each.offset))


async def at_places(places: Sequence[tuple[int, int]]) -> list[DeadLetter]:
    """The dead letters at places, in the order given.

    Raises:
        KafkaConnectorError: a broker, topic or dead letter is missing.
    """
    settings = Settings()
    connection, topic = settings.kafka_connection(), settings.topic(DEAD_LETTERS)
    return [await find_dead_letter(connection, topic, *place) for place in places]


async def sent_again(
    places: Sequence[tuple[int, int]] | None, reason: str | None, mended: bytes | None
) -> list[str]:
    """Send dead letters to the topics they were rejected from, and wait for their delivery.

    Args:
        places: which; None sends those with the reason, or all.
        reason: used where no places are given.
        mended: value to send in place of the only letter's own.

    Returns:
        A line for each: from where to where.

    Raises:
        CliError: the mended value is invalid.
        KafkaConnectorError: a broker, topic or dead letter is missing, or a delivery failed.
    """
    letters = await (at_places(places) if places else selected(reason))
    raw_topic = Settings().topic(RAW_POSTS)
    raw = [letter for letter in letters if letter.source_topic == raw_topic]
    whole = [letter for letter in letters if letter.source_topic != raw_topic]
    return [
        *(await _sent_to(POSTS, whole, mended, decode_value)),
        *(await _sent_to(RAW_POSTS, raw, mended, decode_raw_value)),
    ]


class _Decode(Protocol):
    """Judges a value of one of the topics."""

    def __call__(
        self, value: bytes | None, *, now: float, max_bytes: int
    ) -> DecodedPost | RawPost: ...


async def _sent_to(
    name: str, letters: Sequence[DeadLetter], mended: bytes | None, decode: _Decode
) -> list[str]:
    if not letters:
        return []
    settings = Settings()
    topic = settings.topic(name)
    key = _key_of(mended, decode, settings.post_max_bytes)
    async with PostProducer(settings.kafka_connection(), topic=topic) as producer:
        sent = [(letter, await replay(producer, letter, mended, key)) for letter in letters]
        await producer.flush()
    deliveries = [(letter, delivery.result()) for letter, delivery in sent]
    return [
        f"{letter.place} ({letter.reason}) -> {topic} {to.partition}:{to.offset}"
        for letter, to in deliveries
    ]


def _key_of(mended: bytes | None, decode: _Decode, max_bytes: int) -> bytes | None:
    """The conversation of a mended post, under which it is sent."""
    if mended is None:
        return None
    try:
        return decode(mended, now=time.time(), max_bytes=max_bytes).conversation_id.encode()
    except Rejection as rejection:
        raise CliError(f"the mended post is still invalid: {rejection}") from rejection
