"""`voxpop trends`, `verify` and `rebuild` on real servers; predictions as workers write them."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import OffsetAndMetadata
from typer.testing import CliRunner, Result

from connectors.conversations.source import SourcePartition
from connectors.kafka.topics import create_topics, topic_id, voxpop_topics
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.predictions import VerificationError
from connectors.trends.reader import SyncTrendReader
from connectors.trends.recount import Basis
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import TrackSnapshot
from stream_app.cli.rebuild import rebuild
from stream_app.cli.trends import trends
from stream_app.cli.verify import verify
from stream_app.settings import Settings
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

PARTITIONS = 2
DAY_S = 86_400

app = typer.Typer()
app.command()(trends)
app.command()(verify)
app.command()(rebuild)


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

    async def deliver(
        self, posts: Sequence[Prediction], partition: int | None = None, age_s: float = 0.0
    ) -> None:
        producer = AIOKafkaProducer(**self.settings.kafka_connection().client_options())
        await producer.start()
        try:
            for post in posts:
                await producer.send_and_wait(
                    self.settings.topic("predictions"),
                    post.encoded,
                    partition=post.source.partition if partition is None else partition,
                    timestamp_ms=int((time.time() - age_s) * 1000),
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
                await sink.apply({source.field: batch})

    async def commit(self, offsets: Mapping[int, int], topic_id: str | None = None) -> None:
        """Commit, of posts that are there: nobody reads them here."""
        await self._fill(max(offsets.values()))
        await self.commit_beyond(offsets, topic_id or self.incarnation)

    async def commit_beyond(self, offsets: Mapping[int, int], topic_id: str) -> None:
        consumer = AIOKafkaConsumer(
            **self.settings.kafka_connection().client_options(),
            group_id=self.settings.topic(self.settings.group),
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            topic = self.settings.topic("posts")
            places = {
                TopicPartition(topic, p): OffsetAndMetadata(n, topic_id) for p, n in offsets.items()
            }
            consumer.assign(list(places))
            await consumer.commit(places)
        finally:
            await consumer.stop()

    async def _fill(self, posts: int) -> None:
        producer = AIOKafkaProducer(**self.settings.kafka_connection().client_options())
        async with producer:
            for at in range(posts * PARTITIONS):
                await producer.send(self.settings.topic("posts"), b"{}", partition=at % PARTITIONS)


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


async def forget_predictions(settings: Settings, partition: int, before: int) -> None:
    """As retention does."""
    admin = AIOKafkaAdminClient(**settings.kafka_connection().client_options())
    await admin.start()
    try:
        place = TopicPartition(settings.topic("predictions"), partition)
        await admin.delete_records({place: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


async def send_junk(settings: Settings, partition: int) -> None:
    producer = AIOKafkaProducer(**settings.kafka_connection().client_options())
    await producer.start()
    await producer.send_and_wait(settings.topic("predictions"), b"{}", partition=partition)
    await producer.stop()


def _from_topic(post: Prediction, topic: str) -> Prediction:
    return replace(post, source=replace(post.source, topic=topic))


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


async def test_what_was_committed_of_a_topic_that_was_made_again_settles_nothing(
    deployment: Deployment,
) -> None:
    predictions = deployment.settings.predictions()
    await deployment.commit({0: 5, 1: 5}, "of-the-one-before")
    assert (await predictions.settled()).offsets == {}
    await deployment.commit_beyond({0: 5, 1: 9}, "")
    assert (await predictions.settled()).offsets == {0: 4}, "nothing stands at 8 in partition 1"


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
    assert "+2" in table.stdout
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


async def test_buckets_whose_predictions_are_gone_are_left_out_and_the_others_compared(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    days_ago = [replace(each, created_at=each.created_at - 5 * DAY_S) for each in posts[1:6:2]]
    others = [*posts[0:6:2], *posts[6:]]
    await deployment.deliver(days_ago, age_s=5 * DAY_S)
    await deployment.deliver(others, age_s=3 * DAY_S)
    await deployment.count([*days_ago, *others])
    await forget_predictions(deployment.settings, partition=1, before=3)
    result = await in_thread("verify", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["differing"], found["predictions"]) == (0, 0, 37)
    assert found["buckets"] > 0
    assert found["since"] == pytest.approx(time.time() - 2 * DAY_S, abs=600)
    assert "older predictions are gone" in (await in_thread("verify")).stdout
    early = await in_thread("verify", "--start", str(found["since"] - 1))
    assert (early.exit_code, "nothing was compared" in str(early.exception)) == (1, True)
    later = await in_thread("verify", "--start", str(found["since"]), "--json")
    assert json.loads(later.stdout)["since"] is None
    with deployment.settings.redis_connection().open_sync() as client:
        client.delete(*client.keys(f"{deployment.settings.namespace()}:{{b}}:10s:*"))
    assert (await in_thread("verify")).exit_code == 1


async def test_verify_says_that_nothing_can_be_compared_where_all_may_be_missing(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts)
    await forget_predictions(deployment.settings, partition=1, before=3)
    refused = await in_thread("verify")
    assert (refused.exit_code, "nothing was compared" in str(refused.exception)) == (1, True)


async def test_what_redis_lost_is_made_again_by_the_command(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.deliver(posts[:7])  # duplicates of a crash
    await deployment.count(posts)
    await deployment.commit({0: 20, 1: 20})
    with deployment.settings.redis_connection().open_sync() as client:
        fence = client.hgetall(deployment.layout.fence("a"))
        client.delete(*client.keys(f"{deployment.settings.namespace()}:*"))
    result = await in_thread("rebuild", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["predictions"], found["posts"]) == (0, 47, 40)
    assert (found["tracks"], found["removed"], found["surplus"]) == (2, 0, [])
    assert (await in_thread("verify")).exit_code == 0
    with deployment.settings.redis_connection().open_sync() as client:
        assert client.hgetall(deployment.layout.fence("a")) == fence
        assert client.smembers(deployment.layout.tracks) == {b"a", b"b"}
        hour = int(posts[0].created_at) // 3600 * 3600
        client.hincrby(f"{deployment.settings.namespace()}:{{a}}:1h:{hour}", "posts", 2)
    kept = await in_thread("rebuild")
    assert (kept.exit_code, "1 counts are higher" in kept.stdout) == (1, True)
    assert (await in_thread("rebuild", "--lower")).exit_code == 0
    assert (await in_thread("verify")).exit_code == 0


async def test_a_rebuild_refuses_to_count_what_predictions_have_lost(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.count(posts)
    await deployment.commit({0: 20, 1: 20})
    await forget_predictions(deployment.settings, partition=1, before=3)
    for arguments in ((), ("--start", str(time.time() + 3600))):
        refused = await in_thread("rebuild", *arguments)
        assert (refused.exit_code, "give a --start" in str(refused.exception)) == (1, True)
    later = str(time.time() + 2 * 86_400)
    assert (await in_thread("rebuild", "--start", later)).exit_code == 0


async def test_processes_count_what_one_counts(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.deliver(posts[:7])
    await deployment.count(posts)
    predictions = deployment.settings.predictions()
    fences = {"a": {f"{predictions.posts_topic}@{deployment.incarnation}:0": 12}, "b": {}}
    basis = Basis(await predictions.settled(), fences, alive_after=0)
    one = await predictions.recount(basis)
    several = await replace(predictions, fewest=1).recount(basis)
    assert (several.predictions, several.posts) == (one.predictions, one.posts) == (47, 13)
    track = TrackSnapshot("a", 0, {}, {})
    assert several.expected(track) == one.expected(track)
    assert several.distinct(track) == one.distinct(track)


async def test_copies_in_two_partitions_of_predictions_count_once(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await deployment.deliver(posts[:7], partition=1)  # after `predictions` had grown
    await deployment.count(posts)
    predictions = replace(deployment.settings.predictions(), fewest=1)
    found = await predictions.recount(Basis(await predictions.settled(), {}, alive_after=0))
    assert found.predictions == 47


async def test_a_record_that_is_no_prediction_is_named_by_a_process_as_well(
    deployment: Deployment, posts: list[Prediction]
) -> None:
    await deployment.deliver(posts)
    await send_junk(deployment.settings, partition=1)
    predictions = replace(deployment.settings.predictions(), fewest=1)
    with pytest.raises(VerificationError, match=r"predictions:1:20 is no prediction"):
        await predictions.recount(Basis(await predictions.settled(), {}, alive_after=0))


async def test_a_record_that_is_no_prediction_is_named(deployment: Deployment) -> None:
    await send_junk(deployment.settings, partition=1)
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
    await deployment.count([replace(posts[0], tracks=["Acme Corp", "zoo"])])
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
