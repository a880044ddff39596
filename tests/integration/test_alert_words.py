"""Words of an alert are counted over all posts around its shift, read back from Kafka."""

import time
from collections.abc import AsyncIterator, Sequence

import orjson
import pytest
import redis.asyncio
from aiokafka import AIOKafkaProducer

from connectors.alerts.evidence import Span, explain
from connectors.alerts.post_words import PostTopics, PostWords
from connectors.exemplars.withdrawn import MARK_LIFE_S, Withdrawn
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.parts import TopicParts, While
from connectors.kafka.topics import TopicSpec, create_topics
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import DAY_S, TrendLayout
from deploy.local import Endpoints
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

NEGATIVE, POSITIVE = 0, 2


@pytest.fixture
def kafka(stack: Endpoints) -> KafkaConnection:
    return KafkaConnection(stack.kafka)


@pytest.fixture
async def topics(kafka: KafkaConnection, prefix: str) -> PostTopics:
    """Two topics with records of any age."""
    named = PostTopics(f"{prefix}predictions", f"{prefix}posts")
    await create_topics(kafka, [TopicSpec(own, 2, config={"retention.ms": "-1"}) for own in named])
    return named


@pytest.fixture
async def producer(kafka: KafkaConnection) -> AsyncIterator[AIOKafkaProducer]:
    own = AIOKafkaProducer(**kafka.client_options())
    await own.start()
    yield own
    await own.stop()


class Stream:
    """Posts that are sent and scored, each in a conversation of its own."""

    def __init__(
        self, producer: AIOKafkaProducer, topics: PostTopics, predict: PredictionMaker
    ) -> None:
        self._producer = producer
        self._topics = topics
        self._predict = predict
        self.sent: list[Prediction] = []

    async def post(self, text: str | None, at: float, *, track: str, sentiment: int) -> None:
        number = len(self.sent)
        post_id = f"p{number % 2}-{number // 2}"  # as `predict` names it
        value = orjson.dumps({"post_id": post_id, "text": text, "features": {"text": [[0.5] * 99]}})
        placed = await self._producer.send_and_wait(self._topics.posts, value, partition=number % 2)
        scored = self._predict(
            placed.offset,
            [track],
            at,
            partition=placed.partition,
            sentiment=sentiment,
            conversation=f"c{number}",
            author_hash=f"{number:016x}",
        )
        assert scored.post_id == post_id
        await self._producer.send_and_wait(
            self._topics.predictions,
            scored.encoded,
            partition=number % 2,
            timestamp_ms=int(1000 * at) + 2000,
        )
        self.sent.append(scored)

    async def swing(self, now: float, *, texts: bool = True) -> list[While]:
        """An hour of praise among other tracks, then ten minutes with a recall; both whiles."""
        for at in range(80):
            said = "what a fine day" if texts else None
            await self.post(said, now - 4000 + 40 * at, track="acme", sentiment=POSITIVE)
            await self.post("a recall of toys", now - 4000 + 40 * at, track="toys", sentiment=0)
        for at in range(80):
            said = "they recall my phone" if at % 2 else "my kitten sleeps"
            mood = NEGATIVE if at % 2 else POSITIVE
            await self.post(
                said if texts else None, now - 600 + 5 * at, track="acme", sentiment=mood
            )
        return [While(now - 600, now - 100), While(now - 4000, now - 620)]


@pytest.fixture
def stream(producer: AIOKafkaProducer, topics: PostTopics, predict: PredictionMaker) -> Stream:
    return Stream(producer, topics, predict)


@pytest.fixture
def withdrawn(valkey: redis.asyncio.Redis, namespace: str) -> Withdrawn:
    return Withdrawn(valkey, TrendLayout(namespace))


async def test_words_are_those_of_all_posts_that_went_with_the_shift(
    kafka: KafkaConnection, topics: PostTopics, stream: Stream, withdrawn: Withdrawn
) -> None:
    whiles = await stream.swing(time.time())
    reader = PostWords(kafka, topics, withdrawn, DAY_S)
    counted = await reader.count("acme", "sentiment:negative", whiles, 60.0)
    assert counted is not None
    now, before = counted
    assert (now.posts, now.labelled, before.posts, before.labelled) == (80, 40, 80, 0)
    found = explain(Span(500, wording=now), Span(3400, wording=before), volume=False)
    assert {own.word: own.posts for own in found.words} == {"phone": 40, "recall": 40}
    assert found.words_counted is not None
    assert found.words_counted.source == "posts"
    of_all = await reader.count("acme", None, whiles, 60.0)
    assert of_all is not None
    assert {own.labelled for own in of_all} == {80}


async def test_what_was_forgotten_is_not_counted(
    kafka: KafkaConnection, topics: PostTopics, stream: Stream, withdrawn: Withdrawn
) -> None:
    whiles = await stream.swing(time.time())
    negative = [own for own in stream.sent if own.sentiment.label == "negative"]
    recalled = [own for own in negative if own.tracks == ["acme"]]
    await withdrawn.mark_posts(own.post_id for own in recalled[:20])
    await withdrawn.mark_authors(own.author_hash or "" for own in recalled[20:38])
    counted = await PostWords(kafka, topics, withdrawn, DAY_S).count("acme", None, whiles, 60.0)
    assert counted is not None
    assert (counted[0].posts, counted[0].holding["recall"]) == (42, 2)


async def test_records_of_another_kind_are_passed_over(
    kafka: KafkaConnection,
    topics: PostTopics,
    stream: Stream,
    withdrawn: Withdrawn,
    producer: AIOKafkaProducer,
) -> None:
    whiles = await stream.swing(time.time())
    no_text, too_deep = b'{"post_id": "\xff", "tracks": ["acme"]}', b'["acme",' + b"[" * 9999
    for value in (b'"acme", but no prediction', None, no_text, too_deep):
        at = int(1000 * whiles[0].start) + 5000
        await producer.send_and_wait(topics.predictions, value, b"k", partition=0, timestamp_ms=at)
    counted = await PostWords(kafka, topics, withdrawn, DAY_S).count("acme", None, whiles, 60.0)
    assert counted is not None
    assert [own.posts for own in counted] == [80, 80]


async def test_posts_without_texts_have_no_words(
    kafka: KafkaConnection, topics: PostTopics, stream: Stream, withdrawn: Withdrawn
) -> None:
    whiles = await stream.swing(time.time(), texts=False)
    assert (
        await PostWords(kafka, topics, withdrawn, DAY_S).count("acme", None, whiles, 60.0) is None
    )


async def test_no_broker_is_asked_where_texts_are_not_kept_or_no_longer(
    withdrawn: Withdrawn, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere, topics = KafkaConnection("127.0.0.1:1"), PostTopics("predictions", "posts")
    now = time.time()
    whiles = [While(now - 600, now), While(now - 4000, now - 620)]
    for retention_s in (0.0, 600.0):
        reader = PostWords(nowhere, topics, withdrawn, retention_s)
        assert await reader.count("acme", None, whiles, 60.0) is None
    long_ago = [While(own.start - DAY_S / 4, own.end - DAY_S / 4) for own in whiles]
    reader = PostWords(nowhere, topics, withdrawn, DAY_S)
    assert await reader.count("acme", None, long_ago, 60.0) is None
    assert caplog.messages == []


@pytest.mark.parametrize(("older_s", "retention_s"), [(0.0, 3000.0), (MARK_LIFE_S - 3000.0, DAY_S)])
async def test_no_post_is_read_that_is_older_than_texts_or_marks_are_kept(
    kafka: KafkaConnection,
    topics: PostTopics,
    stream: Stream,
    withdrawn: Withdrawn,
    older_s: float,
    retention_s: float,
) -> None:
    """Posts of the hour before come every 40 s, and some 25 of 80 are too old."""
    whiles = await stream.swing(time.time() - older_s)
    reader = PostWords(kafka, topics, withdrawn, retention_s)
    counted = await reader.count("acme", None, whiles, 60.0)
    assert counted is not None
    assert counted[0].posts == 80
    assert 48 <= counted[1].posts <= 56


async def test_an_alert_waits_for_no_broker_and_no_topic(
    kafka: KafkaConnection, prefix: str, withdrawn: Withdrawn, caplog: pytest.LogCaptureFixture
) -> None:
    now = time.time()
    whiles = [While(now - 600, now), While(now - 4000, now - 620)]
    missing = PostTopics(f"{prefix}predictions", f"{prefix}posts")
    assert await PostWords(kafka, missing, withdrawn, DAY_S).count("a", None, whiles, 60.0) is None
    assert f"{prefix}predictions" in caplog.text
    assert await PostWords(kafka, missing, withdrawn, DAY_S).count("a", None, whiles, 0.0) is None


async def numbers(
    producer: AIOKafkaProducer, topic: str, count: int, second_s: float, began: float
) -> None:
    """Records that hold their number, one a second, in two partitions by turns."""
    waiting = [
        await producer.send(
            topic,
            b"%d" % at,
            partition=at % 2,
            timestamp_ms=int(1000 * (began + at * second_s)),
        )
        for at in range(count)
    ]
    for each in waiting:
        await each


async def test_of_a_long_while_each_part_is_read(
    kafka: KafkaConnection, topics: PostTopics, producer: AIOKafkaProducer
) -> None:
    began = time.time() - 5000
    await numbers(producer, topics.posts, 4000, 1.0, began)
    async with TopicParts(kafka) as parts:
        whole = await values(parts, topics.posts, While(began + 1000, began + 3000), 10_000)
        assert sorted(whole) == list(range(1000, 3000))
        some = await values(parts, topics.posts, While(began, began + 4000), 320)
        assert len(some) == len(set(some)) == 320
        by_part = [sum(1 for own in some if own // 250 == part) for part in range(16)]
        assert by_part == [20] * 16
        assert await values(parts, topics.posts, While(began + 9000, began + 9999), 10) == []


async def test_records_are_found_by_their_offsets(
    kafka: KafkaConnection, topics: PostTopics, producer: AIOKafkaProducer
) -> None:
    await numbers(producer, topics.posts, 2000, 0.1, time.time() - 500)
    wanted = {0: [999, 0, 3, 4, 500, 70_000], 1: [17]}
    async with TopicParts(kafka) as parts:
        found = {
            (fetch.partition, record.offset): int(record.value or b"")
            async for fetch in parts.at(topics.posts, wanted)
            for record in fetch.records
        }
    assert {(0, own): 2 * own for own in (0, 3, 4, 500, 999)}.items() <= found.items()
    assert found[1, 17] == 35
    assert len(found) < 20


async def values(parts: TopicParts, topic: str, span: While, most: int) -> Sequence[int]:
    return [
        int(record.value or b"")
        async for fetch in parts.during(topic, span, most)
        for record in fetch.records
    ]
