"""The sink against a real Valkey: each post counts once, whatever is replayed."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from redis.exceptions import OutOfMemoryError

from connectors.redis_connection import RedisConnection
from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.prediction import Prediction
from connectors.trends.counting import MEASURES, MOST_VALUES
from connectors.trends.layout import TrendLayout
from connectors.trends.series import split_counts, text
from connectors.trends.sink import Applied, TrendSink
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

HOUR_S = 3600
DAY_S = 24 * HOUR_S
NEVER = -(10**10)
WIDTHS = (  # name, seconds, then how long counts and those by platform and language live
    ("10s", 10, 6 * HOUR_S, NEVER),
    ("1m", 60, 48 * HOUR_S, 6 * HOUR_S),
    ("1h", HOUR_S, 90 * DAY_S, 30 * DAY_S),
    ("1d", DAY_S, 730 * DAY_S, 730 * DAY_S),
)
NOT_COUNTS = "}:(values|conversations|authors):"
AGES_S = (0, 1, 12, 75, -HOUR_S, 7 * HOUR_S, 3 * 24 * HOUR_S, 100 * 24 * HOUR_S, 800 * 24 * HOUR_S)
PARTITIONS = 3


def field(partition: int, topic_id: str = "id-1") -> str:
    return f"posts@{topic_id}:{partition}"


def raised_by(post: Prediction) -> Counter[str]:
    """What one post adds to a bucket and within its platform and language."""
    raised = Counter(
        {
            "posts": 1,
            f"sentiment:{post.sentiment.label}": 1,
            f"emotion:{post.emotion.label}": 1,
        }
    )
    for prefix, labels, probabilities in (
        ("ps", SENTIMENTS, post.sentiment.probs),
        ("pe", EMOTIONS, post.emotion.probs),
        ("pm", MODALITIES, list(astuple(post.modalities))),
    ):
        for label, probability in zip(labels, probabilities, strict=True):
            raised[f"{prefix}:{label}"] += round(probability * 1e6)
    if post.previous_sentiment:
        raised[f"after:{post.previous_sentiment}"] += 1
        if {post.previous_sentiment, post.sentiment.label} == {"negative", "positive"}:
            raised[f"turn:{post.sentiment.label}"] += 1
    return +raised


def naive_counts(namespace: str, posts: Sequence[Prediction], now: float) -> Counter[str]:
    """`<key> <field>` -> count, by another way than the sink's."""
    counts: Counter[str] = Counter()
    for post in posts:
        for track in post.tracks:
            tagged = f"{namespace}:{{{track}}}"
            for name, seconds, retention_s, splits_s in WIDTHS:
                start = int(post.created_at) - int(post.created_at) % seconds
                if start + seconds + retention_s <= now:
                    counts[f"{tagged}:late_dropped {name}"] += 1
                    continue
                counts[f"{tagged}:{name}:{start} model:{post.model_version}"] += 1
                for raised, count in raised_by(post).items():
                    counts[f"{tagged}:{name}:{start} {raised}"] += count
                    if start + seconds + splits_s > now:
                        within = f"{tagged}:splits:{name}:{start}"
                        counts[f"{within} platform:{post.platform} {raised}"] += count
                        counts[f"{within} language:{post.lang or 'und'} {raised}"] += count
    return counts


async def stored_counts(client: redis.asyncio.Redis, namespace: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    async for key in client.scan_iter(f"{namespace}:*", count=1000):
        name = key.decode()
        if name.endswith((":tracks", ":fence", ":buckets")) or re.search(NOT_COUNTS, name):
            continue
        if ":splits:" in name:
            for (dimension, value), figures in split_counts(await client.hgetall(name)).items():
                for measure, figure in zip(MEASURES, figures, strict=True):
                    counts[f"{name} {dimension}:{value} {measure}"] += figure
            continue
        for raised, count in (await client.hgetall(name)).items():
            counts[f"{name} {text(raised)}"] = int(count)
    return +counts


@pytest.fixture
def sink(valkey: redis.asyncio.Redis, namespace: str) -> TrendSink:
    return TrendSink(valkey, TrendLayout(namespace))


def cuts(
    data: DataObject, partitions: Sequence[Sequence[Prediction]]
) -> Iterator[list[Prediction]]:
    """Batches that replay, overlap, break off between tracks, and in the end cover all."""
    reached = [0] * len(partitions)
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(partitions) - 1))
        first = data.draw(st.integers(0, reached[at]))
        last = data.draw(st.integers(first, len(partitions[at])))
        batch = list(partitions[at][first:last])
        if data.draw(st.booleans()):
            # a worker that died between two tracks: some were counted, the rest comes later
            survivors = data.draw(st.sets(st.sampled_from("abc")))
            yield [
                replace(post, tracks=[t for t in post.tracks if t in survivors]) for post in batch
            ]
        else:
            yield batch
            reached[at] = max(reached[at], last)
    for at, posts in enumerate(partitions):
        yield list(posts[data.draw(st.integers(0, reached[at])) :])


def together(
    data: DataObject, batches: Iterable[list[Prediction]]
) -> Iterator[dict[str, list[Prediction]]]:
    """Batches as they may be applied: those of different partitions at once, or one by one."""
    call: dict[str, list[Prediction]] = {}
    for batch in filter(None, batches):
        own = field(batch[0].source.partition)
        if own in call or data.draw(st.booleans()):
            yield call
            call = {}
        call[own] = batch
    yield call


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_any_replay_of_any_cut_counts_each_post_once(
    data: DataObject, valkey_url: str, predict: PredictionMaker
) -> None:
    namespace, now = f"t{uuid4().hex}", time.time()
    partitions = [
        [
            predict(
                2 * offset,  # dead letters leave gaps
                data.draw(st.lists(st.sampled_from("abc"), unique=True)),
                now - data.draw(st.sampled_from(AGES_S)),
                partition=partition,
                sentiment=data.draw(st.integers(0, 2)),
                emotion=data.draw(st.integers(0, 6)),
                model_version=data.draw(st.sampled_from(["m-1", "m-2"])),
                previous=data.draw(st.sampled_from([*SENTIMENTS, None])),
                platform=data.draw(st.sampled_from(["bluesky", "reddit"])),
                lang=data.draw(st.sampled_from(["en", "pt", None])),
            )
            for offset in range(data.draw(st.integers(0, 12)))
        ]
        for partition in range(PARTITIONS)
    ]
    async with RedisConnection(valkey_url).open() as client:
        sink = TrendSink(client, TrendLayout(namespace))
        for calls in together(data, cuts(data, partitions)):
            await sink.apply(calls)
        every_post = [post for posts in partitions for post in posts]
        assert await stored_counts(client, namespace) == naive_counts(namespace, every_post, now)


async def test_overlapping_batches_at_the_same_time_count_each_post_once(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [predict(offset, ["a", "b"], now) for offset in range(200)]
    batches = [posts[:120], posts[:60], posts[:200], posts[:200], posts[:10]]
    applied = await asyncio.gather(*(sink.apply({field(0): batch}) for batch in batches))
    assert sum(each.counted for each in applied) == 2 * len(posts)
    assert await stored_counts(valkey, namespace) == naive_counts(namespace, posts, now)


async def test_a_replayed_batch_counts_nothing_twice(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    posts = [predict(offset, ["a", "b"], time.time()) for offset in range(3)]
    assert await sink.apply({field(0): posts}) == Applied(counted=6, skipped=0, late=0)
    assert await sink.apply({field(0): posts}) == Applied(counted=0, skipped=6, late=0)


async def test_of_an_overlapping_batch_only_the_new_posts_count(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    posts = [predict(offset, ["a"], time.time()) for offset in range(10)]
    await sink.apply({field(0): posts[:6]})
    assert await sink.apply({field(0): posts[3:]}) == Applied(counted=4, skipped=3, late=0)


async def test_an_offset_given_twice_in_a_batch_counts_once(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    post = predict(5, ["a"], time.time())
    assert (await sink.apply({field(0): [post, post]})).counted == 1


async def test_a_topic_made_again_is_another_incarnation(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    posts = [predict(offset, ["a"], time.time()) for offset in range(3)]
    await sink.apply({field(0, "id-1"): posts})
    assert (await sink.apply({field(0, "id-2"): posts})).counted == 3


async def test_a_late_post_counts_in_late_dropped_where_its_bucket_has_expired(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    applied = await sink.apply({field(0): [predict(0, ["a"], time.time() - 3 * 24 * HOUR_S)]})
    assert applied == Applied(counted=1, skipped=0, late=2)
    late_dropped = await valkey.hgetall(f"{namespace}:{{a}}:late_dropped")
    assert late_dropped == {b"10s": b"1", b"1m": b"1"}


async def test_a_bucket_expires_its_retention_after_its_end(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    for offset in range(2):
        await sink.apply({field(0): [predict(offset, ["a"], now)]})
    for name, seconds, retention_s, _ in WIDTHS:
        start = int(now) - int(now) % seconds
        expires_at = await valkey.expiretime(f"{namespace}:{{a}}:{name}:{start}")
        assert expires_at == start + seconds + retention_s


async def test_the_index_names_every_live_bucket(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [predict(at, ["a"], now - age) for at, age in enumerate(AGES_S)]
    await sink.apply({field(0): posts})
    index = f"{namespace}:{{a}}:buckets"
    members = [text(name) for name in await valkey.zrange(index, 0, -1) if isinstance(name, bytes)]
    keys = {f"{namespace}:{{a}}:{name}": await valkey.zscore(index, name) for name in members}
    alive = {
        name.split(" ")[0] for name in naive_counts(namespace, posts, now) if ":splits:" not in name
    }
    alive.discard(f"{namespace}:{{a}}:late_dropped")
    assert keys.keys() == alive
    for key, expires_at in keys.items():
        assert await valkey.expiretime(key) == expires_at


async def test_the_set_of_tracks_names_each_track(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    await sink.apply({field(0): [predict(0, ["a", "Käse: 🧀"], time.time())]})
    members = await valkey.smembers(f"{namespace}:tracks")
    assert set(map(text, members)) == {"a", "Käse: 🧀"}


async def test_what_finds_no_room_among_the_languages_is_other(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now, most = time.time(), MOST_VALUES["language"]
    languages = [f"l{at}" for at in range(most + 5)]
    posts = [predict(at, ["a"], now, lang=language) for at, language in enumerate(languages)]
    for post in posts:
        await sink.apply({field(0): [post]})
    await sink.apply({field(1): [predict(0, ["a"], now, partition=1, lang="l0")]})
    told_apart = {
        text(name) for name in await valkey.smembers(f"{namespace}:{{a}}:values:language")
    }
    assert told_apart == set(languages[:most])
    day = f"{namespace}:{{a}}:splits:1d:{int(now) // DAY_S * DAY_S}"
    splits = split_counts(await valkey.hgetall(day))
    posts_of = {
        value: figures[0] for (kind, value), figures in splits.items() if kind == "language"
    }
    assert posts_of == {**dict.fromkeys(languages[:most], 1), "l0": 2, "other": 5}


async def test_distinct_counts_hold_each_element_once_and_expire(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [
        predict(at, ["a"], now, conversation=f"c{at % 3}", author_hash=f"{at % 5:016x}")
        for at in range(30)
    ]
    for first in (0, 10, 5, 0):
        await sink.apply({field(0): posts[first:]})
    for name, seconds, kept_s in (("1m", 60, 2 * HOUR_S), ("1h", HOUR_S, 8 * DAY_S)):
        start = int(now) // seconds * seconds
        for kind, distinct in (("conversations", 3), ("authors", 5)):
            key = f"{namespace}:{{a}}:{kind}:{name}:{start}"
            assert await valkey.pfcount(key) == distinct
            assert await valkey.expiretime(key) == start + seconds + kept_s
    assert not [key async for key in valkey.scan_iter(f"{namespace}:*:10s:*") if b"s:10s" in key]


async def test_a_server_that_lost_its_scripts_is_given_them_again(
    sink: TrendSink, valkey: redis.asyncio.Redis, predict: PredictionMaker
) -> None:
    await sink.apply({field(0): [predict(0, ["a", "b"], time.time())]})
    await valkey.script_flush()
    assert (await sink.apply({field(0): [predict(1, ["a", "b"], time.time())]})).counted == 2


async def test_a_full_server_refuses_the_whole_batch_and_counts_it_when_there_is_room(
    sink: TrendSink, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    posts = [predict(offset, ["a"], now) for offset in range(3)]
    await sink.apply({field(0): posts[:1]})
    await valkey.config_set("maxmemory", 1)
    try:
        with pytest.raises(OutOfMemoryError):
            await sink.apply({field(0): posts})
    finally:
        await valkey.config_set("maxmemory", 0)
    assert (await sink.apply({field(0): posts})).counted == 2
    assert await stored_counts(valkey, namespace) == naive_counts(namespace, posts, now)


async def test_a_post_of_another_partition_is_refused(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    with pytest.raises(ValueError, match="each source partition by itself"):
        await sink.apply({field(1): [predict(0, ["a"], time.time(), partition=0)]})


async def test_a_track_that_would_move_the_hash_tag_is_refused(
    sink: TrendSink, predict: PredictionMaker
) -> None:
    with pytest.raises(ValueError, match="cannot be a hash tag"):
        await sink.apply({field(0): [predict(0, ["a}"], time.time())]})


async def test_a_connection_that_broke_is_made_again_and_each_post_counts_once(
    sink: TrendSink,
    valkey: redis.asyncio.Redis,
    valkey_url: str,
    namespace: str,
    predict: PredictionMaker,
) -> None:
    now = time.time()
    posts = [predict(offset, ["a", "b"], now) for offset in range(50)]
    for first in range(0, len(posts), 5):
        async with RedisConnection(valkey_url).open() as other:
            await other.client_kill_filter(_type="normal", skipme=True)
        await sink.apply({field(0): posts[first : first + 5]})
    assert await stored_counts(valkey, namespace) == naive_counts(namespace, posts, now)
