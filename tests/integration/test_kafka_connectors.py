"""Topics, producer, reader and dead letters against a real Kafka."""

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.dead_letters import (
    dead_letter_headers,
    find_dead_letter,
    read_dead_letters,
    replay,
)
from connectors.kafka.errors import (
    BrokerUnreachableError,
    DeadLetterMissingError,
    DeliveryError,
    TopicMissingError,
)
from connectors.kafka.producer import Compression, PostProducer
from connectors.kafka.reading import Record, read_topic
from connectors.kafka.topics import (
    TopicSpec,
    create_topics,
    partition_count,
    topic_differences,
    topic_id,
    voxpop_topics,
)
from connectors.kafka.waiting import until
from connectors.schemas.codec import decode_post, encode_post
from connectors.schemas.rejection import Reason
from deploy.local import Endpoints, LocalStack

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(stack: Endpoints) -> KafkaConnection:
    return KafkaConnection(stack.kafka)


@pytest.fixture
async def topics(connection: KafkaConnection, prefix: str) -> str:
    """The prefix of topics that exist, each with three partitions."""
    await create_topics(connection, voxpop_topics(prefix, partitions=3))
    return prefix


def post(number: int = 0, conversation: str = "c1", **changes: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "post_id": f"p{number}",
        "conversation_id": conversation,
        "platform": "bluesky",
        "created_at": time.time(),
        "tracks": ["acme"],
        "feature_set": "default@1",
        "features": {"audio": np.full((2, 8), number % 100)},
    } | changes


async def records(connection: KafkaConnection, topic: str, **options: Any) -> list[Record]:
    return [record async for record in read_topic(connection, topic, **options)]


async def delete_topic(connection: KafkaConnection, topic: str) -> None:
    admin = AIOKafkaAdminClient(**connection.client_options())
    await admin.start()
    try:
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def test_topics_are_made_once(connection: KafkaConnection, prefix: str) -> None:
    specs = voxpop_topics(prefix, partitions=2)
    assert await create_topics(connection, specs) == [spec.name for spec in specs]
    assert await create_topics(connection, specs) == []
    assert await topic_differences(connection, specs) == []
    assert await partition_count(connection, f"{prefix}posts") == 2


async def test_a_topic_that_differs_is_reported_and_left_alone(
    connection: KafkaConnection, topics: str
) -> None:
    wanted = voxpop_topics(topics, partitions=4, post_max_bytes=5000)[:1]
    assert await create_topics(connection, wanted) == []
    few, small = await topic_differences(connection, wanted)
    assert few.startswith(f"{topics}posts: has 3 partitions, 4 are wanted")
    assert small.startswith(f"{topics}posts: max.message.bytes is 2097152, 10000 is wanted")


async def test_predictions_that_are_kept_for_another_while_are_reported(
    connection: KafkaConnection, topics: str
) -> None:
    wanted = voxpop_topics(topics, partitions=1, predictions_retention_days=90)
    (kept,) = await topic_differences(connection, wanted)
    assert kept.startswith(f"{topics}predictions: retention.ms is 1209600000, 7776000000 is wanted")


async def test_a_topic_made_again_is_another_incarnation(
    connection: KafkaConnection, prefix: str
) -> None:
    spec = TopicSpec(f"{prefix}posts", partitions=1)
    await create_topics(connection, [spec])
    first = await topic_id(connection, spec.name)
    assert await topic_id(connection, spec.name) == first
    assert len(first) == 22
    await delete_topic(connection, spec.name)

    async def made_again() -> bool:
        return await create_topics(connection, [spec]) == [spec.name]

    assert await until(made_again, within_s=20)
    assert await topic_id(connection, spec.name) != first


async def test_asking_for_a_missing_topic_does_not_make_it(
    connection: KafkaConnection, prefix: str
) -> None:
    for _ in range(2):
        with pytest.raises(TopicMissingError, match="voxpop topics create"):
            await topic_id(connection, f"{prefix}posts")
    with pytest.raises(TopicMissingError):
        async with PostProducer(connection, topic=f"{prefix}posts"):
            pass
    with pytest.raises(TopicMissingError):
        await records(connection, f"{prefix}posts")


async def test_a_broker_that_is_not_there_is_one_clear_error() -> None:
    nowhere = KafkaConnection("127.0.0.1:1")
    with pytest.raises(BrokerUnreachableError, match=r"127\.0\.0\.1:1; start one"):
        await topic_id(nowhere, "posts")


@pytest.mark.parametrize("compression", ["none", "gzip", "lz4", "zstd"])
async def test_posts_arrive_once_in_order_keyed_by_conversation(
    connection: KafkaConnection, topics: str, compression: Compression
) -> None:
    before_ms = time.time() * 1000 - 1000
    async with PostProducer(
        connection, topic=f"{topics}posts", max_in_flight=7, compression=compression
    ) as producer:
        deliveries = [await producer.send(post(n, f"c{n % 5}")) for n in range(200)]
        await producer.flush()
    found = await records(connection, f"{topics}posts")
    assert len(found) == 200
    places = {(record.partition, record.offset): record for record in found}
    for number, delivery in enumerate(deliveries):
        to = delivery.result()
        record = places[to.partition, to.offset]
        assert before_ms <= to.append_ms == record.timestamp_ms
        read = decode_post(record.key, record.value, now=time.time(), max_bytes=10_000)
        assert (read.post_id, read.conversation_id) == (f"p{number}", f"c{number % 5}")
    for conversation in {record.key for record in found}:
        ids = [decoded_number(record) for record in found if record.key == conversation]
        assert ids == sorted(ids)


def decoded_number(record: Record) -> int:
    read = decode_post(record.key, record.value, now=time.time(), max_bytes=10_000)
    return int(read.post_id[1:])


async def test_an_invalid_post_is_refused_before_it_is_sent(
    connection: KafkaConnection, topics: str
) -> None:
    async with PostProducer(connection, topic=f"{topics}posts", post_max_bytes=2000) as producer:
        with pytest.raises(ValueError, match=r"bad_tensor: features\.audio"):
            await producer.send(post(features={"audio": [[1.0]]}))
        with pytest.raises(ValueError, match="too_large"):
            await producer.send(post(text="x" * 2000))
        with pytest.raises(ValueError, match="invalid_json"):
            await producer.send(b"nope")
    assert await records(connection, f"{topics}posts") == []


async def test_raw_records_go_as_they_are_even_with_nothing_in_them(
    connection: KafkaConnection, topics: str
) -> None:
    sent = [(None, b"v"), (b"k", None), (None, None), (b"", b""), (b"\xff", b"\x00")]
    async with PostProducer(connection, topic=f"{topics}posts") as producer:
        for key, value in sent:
            await producer.send_raw(key, value, [("h", b"1")])
    found = await records(connection, f"{topics}posts")
    assert sorted((r.key, r.value) for r in found if None not in (r.key, r.value)) == sorted(
        pair for pair in sent if None not in pair
    )
    assert {(r.key, r.value) for r in found} == set(sent)
    assert {r.headers for r in found} == {(("h", b"1"),)}


async def test_what_the_broker_refuses_is_told_by_flush(
    connection: KafkaConnection, topics: str
) -> None:
    incompressible = np.random.default_rng(0).bytes(3 * 1024 * 1024)
    async with PostProducer(connection, topic=f"{topics}posts") as producer:
        delivery = await producer.send_raw(b"k", incompressible)
        with pytest.raises(DeliveryError, match="1 posts were not delivered"):
            await producer.flush()
        with pytest.raises(DeliveryError, match="MessageSizeTooLarge"):
            await delivery
        await producer.send(post())
        await producer.flush()


async def test_a_broker_that_goes_away_ends_sending_instead_of_hanging(tmp_path: Path) -> None:
    servers = LocalStack(tmp_path)
    connection = KafkaConnection((await asyncio.to_thread(servers.start)).kafka)
    deliveries = []

    async def send_past_the_end() -> None:
        async with PostProducer(connection, max_in_flight=10, delivery_timeout_s=2) as producer:
            await (await producer.send(post()))
            await asyncio.to_thread(servers.stop)
            for number in range(11):
                sent = await producer.send(post(number))
                deliveries.append(sent)

    try:
        await create_topics(connection, voxpop_topics(partitions=1))
        with pytest.raises(DeliveryError, match="took none of 10 posts in flight for 2 s"):
            await send_past_the_end()
        assert len(deliveries) == 10
        assert all(isinstance(delivery.exception(), DeliveryError) for delivery in deliveries)
    finally:
        await asyncio.to_thread(servers.stop)


async def test_reading_starts_where_told_and_ends_at_the_end_of_now(
    connection: KafkaConnection, topics: str
) -> None:
    async with PostProducer(connection, topic=f"{topics}posts") as producer:
        for n in range(30):
            await producer.send(post(n, f"c{n}"))
        await producer.flush()
        everything = await records(connection, f"{topics}posts")
        assert len(everything) == 30
        part = [r for r in everything if r.partition == 1]
        found = await records(connection, f"{topics}posts", start={1: part[2].offset}, only={1})
        assert found == part[2:]
        past_the_end = dict.fromkeys(range(3), 10**6)
        assert await records(connection, f"{topics}posts", start=past_the_end) == []
        seen = 0
        async for _ in read_topic(connection, f"{topics}posts"):
            seen += 1
            await producer.send(post(seen))
        assert seen == 30


async def dead_letter(connection: KafkaConnection, prefix: str, reason: Reason, **of: Any) -> None:
    async with PostProducer(connection, topic=f"{prefix}posts.dlq") as producer:
        await producer.send_raw(
            of.get("key", b"c1"),
            of.get("value", b"nope"),
            dead_letter_headers(
                reason,
                "what was wrong",
                source_topic=f"{prefix}posts",
                source_topic_id="id",
                source_partition=2,
                source_offset=of.get("offset", 0),
                failed_at=1_764_000_000.5,
            ),
        )


async def test_dead_letters_are_read_with_their_reasons(
    connection: KafkaConnection, topics: str
) -> None:
    await dead_letter(connection, topics, Reason.BAD_TENSOR, offset=7)
    await dead_letter(connection, topics, Reason.INVALID_JSON, key=None, value=None)
    dlq = f"{topics}posts.dlq"
    letters = {letter.reason: letter async for letter in read_dead_letters(connection, dlq)}
    tensor, tombstone = letters["bad_tensor"], letters["invalid_json"]
    assert (tensor.key, tensor.value, tensor.detail) == (b"c1", b"nope", "what was wrong")
    assert (tensor.source, tensor.source_topic_id) == (f"{topics}posts:2:7", "id")
    assert tensor.failed_at == 1_764_000_000.5
    assert (tombstone.key, tombstone.value) == (None, None)
    for letter in letters.values():
        assert await find_dead_letter(connection, dlq, letter.partition, letter.offset) == letter
    with pytest.raises(DeadLetterMissingError, match="voxpop dlq list"):
        await find_dead_letter(connection, dlq, 0, 99)
    with pytest.raises(DeadLetterMissingError):
        await find_dead_letter(connection, dlq, 99, 0)


async def test_a_replayed_letter_is_in_posts_again_as_it_was_or_mended(
    connection: KafkaConnection, topics: str
) -> None:
    await dead_letter(connection, topics, Reason.INVALID_JSON)
    dlq = f"{topics}posts.dlq"
    (letter,) = [each async for each in read_dead_letters(connection, dlq)]
    mended = encode_post(post(1, "c2"))
    async with PostProducer(connection, topic=f"{topics}posts") as producer:
        await replay(producer, letter)
        await replay(producer, letter, mended, b"c2")
    found = {record.key: record for record in await records(connection, f"{topics}posts")}
    assert {key: record.value for key, record in found.items()} == {b"c1": b"nope", b"c2": mended}
    assert found[b"c1"].headers == (("replayed-from", letter.place.encode()),)
    assert [each async for each in read_dead_letters(connection, dlq)] == [letter]
