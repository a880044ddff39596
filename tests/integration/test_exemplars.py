"""Example posts against a real Valkey: bounded, the same in any order, and gone when asked."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
import redis.asyncio
from typer.testing import CliRunner

from connectors.exemplars.ranking import LABELS, MOST, rank
from connectors.exemplars.store import MOST_SIGNS, TRACKS_AT_ONCE, Example, ExemplarStore
from connectors.exemplars.withdrawn import MARK_LIFE_S
from connectors.redis_connection import RedisConnection
from connectors.schemas.author import AuthorHasher
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import SyncTrendReader, TrendReader
from connectors.trends.series import text
from stream_app.cli.main import app
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

SALT = "a salt of a test"
WEEK_S = 7 * 86_400


async def named(client: redis.asyncio.Redis, layout: TrendLayout, *tracks: str) -> None:
    """Put tracks among those that had a post, as the sink does."""
    await client.sadd(layout.tracks, *tracks)


def mixed(predict: PredictionMaker, count: int, now: float) -> list[Prediction]:
    return [
        predict(
            at,
            ["a"],
            now - 37 * (at * 7 % count),
            sentiment=at % 3,
            emotion=at % 7,
            author_hash=AuthorHasher(SALT).hashed(f"author {at % 5}"),
        )
        for at in range(count)
    ]


def with_texts(posts: Iterable[Prediction], texts: Mapping[int, str]) -> Iterator[Example]:
    """Posts with the texts of their offsets."""
    return (Example(post, texts.get(post.source.offset)) for post in posts)


async def kept(client: redis.asyncio.Redis, layout: TrendLayout) -> dict[str, set[str]]:
    """Post ids by label."""
    found = {}
    for label in LABELS:
        members = await client.zrange(layout.exemplar_ranks("a", label), 0, -1)
        found[label] = {text(own) for own in members if isinstance(own, bytes)}
    return found


@pytest.mark.parametrize("order", [1, -1])
async def test_the_best_of_each_label_are_kept_in_any_order(
    order: int, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = mixed(predict, 200, now)
    for first in range(0, 200, 20):
        part = posts[::order][first : first + 20]
        await ExemplarStore(valkey, layout).keep(with_texts(part, {}))  # another worker each time
        await ExemplarStore(valkey, layout).keep(with_texts(part, {}))  # and a replay
    found = await kept(valkey, layout)
    for label, ids in found.items():
        kind, name = label.split(":")
        own = [post for post in posts if getattr(post, kind).label == name]
        ranked = sorted(own, key=lambda post: -rank(0.91, post.created_at, post.post_id))
        assert ids == {post.post_id for post in ranked[:MOST]}
    documents = await valkey.hkeys(layout.exemplars("a"))
    assert set(map(text, documents)) == set.union(*found.values())


async def test_exemplars_are_answered_the_best_first(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = mixed(predict, 60, now)
    await ExemplarStore(valkey, layout).keep(with_texts(posts, {}))
    reader = TrendReader(valkey, layout)
    negative = await reader.exemplars("a", sentiment="negative", limit=4)
    own = sorted(
        (post for post in posts if post.sentiment.label == "negative"),
        key=lambda post: -rank(0.91, post.created_at, post.post_id),
    )
    assert [found.post_id for found in negative] == [post.post_id for post in own[:4]]
    first = negative[0]
    assert (first.platform, first.conversation_id, first.text) == ("bluesky", "c1", None)
    assert (first.sentiment, first.emotion) == (own[0].sentiment, own[0].emotion)
    assert "author" not in first.model_dump_json()
    angry = await reader.exemplars("a", emotion="angry")
    assert {found.emotion.label for found in angry} == {"angry"}
    assert await reader.exemplars("nobody") == []
    with RedisConnection(valkey_url).open_sync() as client:
        sync = SyncTrendReader(client, layout).exemplars("a", sentiment="negative", limit=4)
        assert sync == negative


async def stored_texts(client: redis.asyncio.Redis, namespace: str) -> list[str]:
    return [text(key) async for key in client.scan_iter(f"{namespace}:*:text:*")]


async def test_no_text_is_stored_unless_it_is_asked_for(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    posts = [predict(0, ["a"], time.time())]
    await ExemplarStore(valkey, TrendLayout(namespace)).keep(with_texts(posts, {0: "so happy"}))
    assert await stored_texts(valkey, namespace) == []
    async for key in valkey.scan_iter(f"{namespace}:*"):
        assert b"so happy" not in (await valkey.dump(key) or b"")


async def test_a_text_lives_its_retention_from_the_posts_own_time(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout, now = TrendLayout(namespace), time.time()
    posts = [predict(0, ["a"], now - 86_400), predict(1, ["a"], now - WEEK_S - 1)]
    store = ExemplarStore(valkey, layout, WEEK_S)
    await store.keep(with_texts(posts, {0: "so happy", 1: "too old"}))
    (key,) = await stored_texts(valkey, namespace)
    assert abs(await valkey.expiretime(key) - (now + 6 * 86_400)) <= 1
    answered = await TrendReader(valkey, layout).exemplars("a")
    assert {own.post_id: own.text for own in answered} == {"p0-0": "so happy", "p0-1": None}


async def test_of_a_very_long_text_the_beginning_is_kept(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    store = ExemplarStore(valkey, TrendLayout(namespace), WEEK_S)
    said = "é" * MOST_SIGNS
    await store.keep([Example(predict(0, ["a"], time.time()), said + "never ending" * 100_000)])
    (key,) = await stored_texts(valkey, namespace)
    assert await valkey.get(key) == said.encode()


async def test_a_post_that_better_ones_drive_out_takes_its_text_with_it(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    now = time.time()
    store = ExemplarStore(valkey, TrendLayout(namespace), WEEK_S)
    await store.keep([Example(predict(0, ["a"], now - 3600), "soon gone")])
    await store.keep(Example(predict(at, ["a"], now), "stays") for at in range(1, MOST + 1))
    texts = {await valkey.get(key) for key in await stored_texts(valkey, namespace)}
    assert texts == {b"stays"}


async def everything(client: redis.asyncio.Redis, namespace: str) -> bytes:
    """All that is stored, as bytes to search."""
    parts: list[bytes | str] = []
    async for key in client.scan_iter(f"{namespace}*"):
        kind = text(await client.type(key))
        if kind == "hash":
            parts += [repr(await client.hgetall(key)).encode()]
        elif kind == "zset":
            parts += [repr(await client.zrange(key, 0, -1)).encode()]
        elif kind == "string":
            parts += [key, await client.get(key) or b""]
    return b"".join(own if isinstance(own, bytes) else own.encode() for own in parts)


@pytest.mark.parametrize("by", [("--post", "p0-3"), ("--author", "author 3")])
async def test_what_is_to_be_forgotten_is_gone_from_every_track(
    by: Sequence[str],
    valkey: redis.asyncio.Redis,
    valkey_url: str,
    namespace: str,
    predict: PredictionMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = f"{namespace}-"
    layout, now = TrendLayout(f"{prefix}voxpop"), time.time()
    posts = [replace(post, tracks=["a", "b"]) for post in mixed(predict, 10, now)]
    await named(valkey, layout, "a", "b")
    await ExemplarStore(valkey, layout, WEEK_S).keep(
        Example(post, f"text of {post.post_id}") for post in posts
    )
    assert b"p0-3" in await everything(valkey, prefix)
    monkeypatch.setenv("VOXPOP_REDIS", valkey_url)
    monkeypatch.setenv("VOXPOP_TOPIC_PREFIX", prefix)
    monkeypatch.setenv("VOXPOP_AUTHOR_SALT", SALT)
    result = await asyncio.to_thread(CliRunner().invoke, app, ["forget", *by])
    assert result.exit_code == 0, result.output
    assert f"removed {2 if by[0] == '--post' else 4} example posts" in result.output
    left = await everything(valkey, prefix)
    gone = [b"p0-3"] if by[0] == "--post" else [b"p0-3", b"p0-8", b"author 3"]
    assert not [own for own in gone if own in left]
    assert b"p0-4" in left


def test_an_author_is_not_looked_for_without_the_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXPOP_AUTHOR_SALT", raising=False)
    result = CliRunner().invoke(app, ["forget", "--author", "anna"])
    assert "VOXPOP_AUTHOR_SALT" in str(result.exception)


@pytest.mark.parametrize("options", [[], ["--post", "p", "--author", "a"]])
def test_either_a_post_or_an_author_is_forgotten(options: list[str]) -> None:
    result = CliRunner().invoke(app, ["forget", *options])
    assert "either --post or --author" in str(result.exception)


@pytest.mark.parametrize("of_author", [False, True])
async def test_a_post_that_was_forgotten_before_it_was_read_is_not_kept(
    of_author: bool, valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    layout = TrendLayout(namespace)
    author = AuthorHasher(SALT).hashed("ann")
    assert author is not None
    posts = [
        predict(0, ["a", "b"], time.time(), author_hash=author),
        predict(1, ["a"], time.time()),
    ]
    remover = ExemplarStore(valkey, layout)
    if of_author:
        await remover.forget_authors({author})
    else:
        await remover.forget_posts({posts[0].post_id})
    await ExemplarStore(valkey, layout, WEEK_S).keep(
        with_texts(posts, {0: "my words", 1: "others"})
    )
    assert await valkey.hkeys(layout.exemplars("a")) == [posts[1].post_id.encode()]
    assert await valkey.exists(layout.exemplars("b")) == 0
    assert all(posts[0].post_id not in ids for ids in (await kept(valkey, layout)).values())
    assert len(await stored_texts(valkey, namespace)) == 1
    assert 0 < await valkey.ttl(layout.withdrawn) <= MARK_LIFE_S


async def test_an_author_of_very_many_tracks_is_forgotten_by_and_by_and_that_is_told(
    valkey: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> None:
    """Of 120 tracks, which are more than two round trips; a few posts of each are others'."""
    layout, now = TrendLayout(namespace), time.time()
    tracks = [f"track {number}" for number in range(2 * TRACKS_AT_ONCE + 20)]
    await named(valkey, layout, *tracks)
    author = AuthorHasher(SALT).hashed("ann")
    assert author is not None
    posts = [
        predict(at, tracks, now + at, sentiment=at % 3, author_hash=author if at % 2 else None)
        for at in range(8)
    ]
    store = ExemplarStore(valkey, layout, WEEK_S)
    await store.keep(Example(post, f"text {at}") for at, post in enumerate(posts))
    told: list[tuple[int, int]] = []
    removed = await store.forget_authors({author}, lambda *done: told.append(done))
    assert removed == 4 * len(tracks)
    assert told == [(0, 120), (50, 120), (100, 120), (120, 120)]
    left = {track: await valkey.hkeys(layout.exemplars(track)) for track in tracks}
    others = {post.post_id.encode() for post in posts[::2]}
    assert all(set(own) == others for own in left.values())
    assert len(await stored_texts(valkey, namespace)) == 4 * len(tracks)
