"""The work of `voxpop dlq` with Kafka: which dead letters are meant, and sending them again.

Not for printing: that is `dead_letter_view`.
"""

from collections.abc import Sequence

from connectors.kafka.dead_letters import DeadLetter, find_dead_letter, read_dead_letters, replay
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import DEAD_LETTERS, POSTS
from connectors.schemas.rejection import Reason
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
    """Send dead letters to `posts` and wait for their delivery.

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
    settings = Settings()
    topic = settings.topic(POSTS)
    async with PostProducer(
        settings.kafka_connection(), topic=topic, post_max_bytes=settings.post_max_bytes
    ) as producer:
        try:
            sent = [(letter, await replay(producer, letter, mended)) for letter in letters]
        except ValueError as error:
            raise CliError(f"the mended post is still invalid: {error}") from error
        await producer.flush()
    deliveries = [(letter, delivery.result()) for letter, delivery in sent]
    return [
        f"{letter.place} ({letter.reason}) -> {topic} {to.partition}:{to.offset}"
        for letter, to in deliveries
    ]
