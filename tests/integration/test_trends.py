"""`voxpop trends` and `voxpop verify` on real servers, with predictions as workers write them."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence

import orjson
import pytest
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from typer.testing import CliRunner, Result

from connectors.conversations.source import SourcePartition
from connectors.kafka.topics import create_topics, topic_id, voxpop_topics
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import SyncTrendReader
from connectors.trends.sink import TrendSink
from stream_app.cli.trends import trends
from stream_app.cli.verify import verify
from stream_app.settings import Settings
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

PARTITIONS = 2

app = typer.Typer()
app.command()(trends)
app.command()(verify)


@pytest.fixture
def settings(settings_env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in settings_env.items():
        monkeypatch.setenv(name, value)
    return Settings()


class Deployment:
    """Does by hand what workers do: predictions, then counts, then commits."""

    def __init__(self, settings: Settings, incarnation: str) -> None:
        self.settings = settings
        self.incarnation = incarnation
        self.layout = TrendLayout(settings.namespace())

    async def deliver(self, posts: Sequence[Prediction]) -> None:
        producer = AIOKafkaProducer(**self.settings.kafka_connection().client_options())
        await producer.start()
        try:
            for post in posts:
                await producer.send_and_wait(
                    self.settings.topic("predictions"),
                    orjson.dumps(post.model_dump()),
                    partition=post.source.partition,
                    headers=[("source-topic-id", self.incarnation.encode())],
                )
        finally:
            await producer.stop()

    async def count(self, posts: Sequence[Prediction]) -> None:
        async with self.settings.redis_connection().open() as client:
            sink = TrendSink(client, self.layout)
            for partition in {post.source.partition for post in posts}:
                source = SourcePartition(self.settings.topic("posts"), self.incarnation, partition)
                batch = [post for post in posts if post.source.partition == partition]
                await sink.apply(source.field, batch)

    async def commit(self, offsets: Mapping[int, int]) -> None:
        consumer = AIOKafkaConsumer(
            **self.settings.kafka_connection().client_options(),
            group_id=self.settings.topic(self.settings.group),
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            places = {
                TopicPartition(self.settings.topic("posts"), p): n for p, n in offsets.items()
            }
            consumer.assign(list(places))
            await consumer.commit(places)
        finally:
            await consumer.stop()


@pytest.fixture
async def deployment(settings: Settings) -> Deployment:
    connection = settings.kafka_connection()
    await create_topics(connection, voxpop_topics(settings.topic_prefix, PARTITIONS))
    return Deployment(settings, await topic_id(connection, settings.topic("posts")))


@pytest.fixture
def posts(settings: Settings, predict: PredictionMaker) -> list[Prediction]:
    now = time.time()
    return [
        _from_topic(
            predict(
                at // 2, ["a", "b"][: 1 + at % 2], now - 40 * at, partition=at % 2, sentiment=at % 3
            ),
            settings.topic("posts"),
        )
        for at in range(40)
    ]


def _from_topic(post: Prediction, topic: str) -> Prediction:
    return post.model_copy(update={"source": post.source.model_copy(update={"topic": topic})})


def voxpop(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


async def in_thread(*arguments: str) -> Result:
    return await asyncio.to_thread(voxpop, *arguments)


async def test_what_the_workers_did_verifies(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.deliver(posts[:7])  # duplicates of a crash
    await deployment.count(posts)
    await deployment.commit({0: 20, 1: 20})
    result = await in_thread("verify", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["differing"], found["differences"]) == (0, 0, [])
    assert (found["predictions"], found["posts"], found["tracks"]) == (47, 40, 2)
    assert found["buckets"] > 80
    assert "no difference: 47 predictions of 40 posts" in (await in_thread("verify")).stdout


async def test_a_batch_between_its_predictions_and_its_counts_is_no_difference(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts[:20])
    await deployment.commit({0: 10})
    result = await in_thread("verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["posts"]) == (0, 20)


async def test_a_count_that_is_off_is_printed_and_fails(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts)
    hour = int(posts[0].created_at) // 3600 * 3600
    with deployment.settings.redis_connection().open_sync() as client:
        client.hincrby(f"{deployment.settings.namespace()}:{{a}}:1h:{hour}", "emotion:sad", 2)
    result = await in_thread("verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["differences"] == [
        {
            "track": "a",
            "resolution": "1h",
            "bucket_start": hour,
            "field": "emotion:sad",
            "expected": 0,
            "found": 2,
        }
    ]
    table = await in_thread("verify")
    assert "1 counts differ" in table.stdout
    assert "emotion:sad" in table.stdout
    later = await in_thread("verify", "--start", str(hour + 1))
    assert later.exit_code == 0


async def test_counts_that_redis_lost_altogether_are_differences(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts)
    await deployment.commit({0: 20, 1: 20})
    with deployment.settings.redis_connection().open_sync() as client:
        client.delete(*client.keys(f"{deployment.settings.namespace()}:*"))
    result = await in_thread("verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)["tracks"]) == (1, 2)


async def test_predictions_that_have_expired_ask_for_a_start(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts)
    admin = AIOKafkaAdminClient(**deployment.settings.kafka_connection().client_options())
    await admin.start()
    try:
        place = TopicPartition(deployment.settings.topic("predictions"), 1)
        await admin.delete_records({place: RecordsToDelete(before_offset=3)})
    finally:
        await admin.close()
    refused = await in_thread("verify")
    assert refused.exit_code == 1
    assert "partition 1 begins at offset 3" in str(refused.exception)
    start = posts[12].created_at
    assert (await in_thread("verify", "--start", str(start))).exit_code == 1
    newest = posts[0].created_at + 3600
    assert (await in_thread("verify", "--start", str(newest))).exit_code == 0


async def test_a_record_that_is_no_prediction_is_named(deployment: Deployment) -> None:
    producer = AIOKafkaProducer(**deployment.settings.kafka_connection().client_options())
    await producer.start()
    await producer.send_and_wait(deployment.settings.topic("predictions"), b"{}", partition=1)
    await producer.stop()
    refused = await in_thread("verify")
    assert f"{deployment.settings.topic('predictions')}:1:0 is no prediction" in str(
        refused.exception
    )


async def test_trends_as_json_is_what_the_reader_answers(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.count(posts)
    start, end = str(posts[-1].created_at), str(posts[0].created_at + 1)
    asked = ("--start", start, "--end", end, "--resolution", "1m", "--json")
    result = await in_thread("trends", "a", *asked)
    assert result.exit_code == 0
    with deployment.settings.redis_connection().open_sync() as client:
        reader = SyncTrendReader(client, deployment.layout)
        series = reader.trends("a", float(start), float(end), "1m")
    assert json.loads(result.stdout) == series.model_dump(mode="json")
    assert series.total.posts == len(posts)


async def test_trends_draws_a_table(deployment: Deployment, posts: list[Prediction]) -> None:
    await deployment.count(posts)
    table = (await in_thread("trends", "b")).stdout
    assert "b, " in table
    assert "total" in table
    assert "█" in table


async def test_a_window_is_set_beside_the_one_before_or_any_other(
    deployment: Deployment, predict: PredictionMaker
) -> None:
    """Ten minutes of negative posts after ten of positive ones, twice as many."""
    now = int(time.time()) // 60 * 60
    quiet = [predict(at, ["a"], now - 1200 + 6 * at, sentiment=2) for at in range(100)]
    swung = [predict(100 + at, ["a"], now - 600 + 3 * at, sentiment=0) for at in range(200)]
    topic = deployment.settings.topic("posts")
    await deployment.count([_from_topic(post, topic) for post in (*quiet, *swung)])
    window = ("--start", str(now - 600), "--end", str(now), "--resolution", "1m")
    told = await in_thread("trends", "a", *window, "--compare", "previous", "--json")
    found = json.loads(told.stdout)
    assert (found["window"]["posts"], found["baseline"]["posts"]) == (200, 100)
    assert found["volume"]["ratio"] == pytest.approx(2.0)
    negative = found["sentiment"]["negative"]
    assert (negative["difference"], negative["significant"]) == (1.0, True)
    before = f"{now - 1200}..{now - 600}"
    same = await in_thread("trends", "a", *window, "--compare", before, "--json")
    assert json.loads(same.stdout) == found
    table = (await in_thread("trends", "a", *window, "--compare", "previous")).stdout
    assert "+100.0" in table
    assert "times 2.00" in table
    assert len(max(table.splitlines(), key=len)) <= 80
    refused = await in_thread("trends", "a", *window, "--compare", "yesterday")
    assert "write `previous`, or START..END" in str(refused.exception)
    with deployment.settings.redis_connection().open_sync() as client:
        reader = SyncTrendReader(client, deployment.layout)
        series = reader.trends("a", now - 600, now, "1m")
        assert reader.compare(series).model_dump(mode="json") == found


async def test_an_unknown_track_is_answered_with_the_closest(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    assert "nothing was counted yet" in str((await in_thread("trends", "acme")).exception)
    await deployment.count([posts[0].model_copy(update={"tracks": ["Acme Corp", "zoo"]})])
    refused = await in_thread("trends", "acme corp.")
    assert (refused.exit_code, str(refused.exception)) == (
        1,
        "no track 'acme corp.': did you mean 'Acme Corp'?",
    )


async def test_a_wrong_range_is_wrong_usage(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.count(posts)
    refused = await in_thread("trends", "a", "--window", "soon")
    assert "not a duration: 'soon'" in str(refused.exception)
    assert getattr(refused.exception, "exit_code", None) == 2
