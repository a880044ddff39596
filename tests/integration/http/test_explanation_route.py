"""Explanations over HTTP: of what is kept, once for all who ask, never of what was forgotten."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest
import redis.asyncio

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.exemplars.explanation import ExplanationQuestion, PostExplanation
from connectors.exemplars.store import Example, ExemplarStore
from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.schemas.kept_post import kept_post, record_of
from connectors.schemas.prediction import Prediction
from models.engine import load_engine
from models.text_encoder import load_text_encoder
from stream_app.explaining.process import ExplainerProcess
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

SOURCE = SourcePartition("posts", "id-1", 0)
WAIT_S = 120.0


class SlowExplainer:
    """Answers when it may, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ExplanationQuestion] = []
        self.may = asyncio.Event()
        self.closed = False

    async def explain(self, question: ExplanationQuestion) -> PostExplanation:
        self.asked.append(question)
        await self.may.wait()
        return PostExplanation(
            task=question.task,
            label=question.label,
            probability=0.9,
            log_odds=2.2,
            model_version="m-1",
            modalities=[],
            posts=[],
            words=[],
            without_words="" if question.text else "the post comes without its text",
            words_gap=0.0,
        )

    async def close(self) -> None:
        self.closed = True


async def keep(
    client: redis.asyncio.Redis, options: ApiOptions, posts: Sequence[Prediction], kept: list[bytes]
) -> None:
    """Keep posts of one conversation as a worker does: windows, then examples with their texts."""
    layout = options.layout
    records = [record_of(own) for own in kept]
    windows = PartitionStore(client, namespace=layout.namespace)
    batch = BatchToFix(SOURCE, 0, len(posts) - 1, b"", {posts[0].conversation_id: kept})
    await windows.fix([batch])
    await client.sadd(layout.tracks, "a")
    await ExemplarStore(client, layout, 3600).keep(
        Example(post, "so late again" if post.source.offset == 1 else None, SOURCE, records)
        for post in posts
    )


def conversation(predict: PredictionMaker, count: int = 3) -> list[Prediction]:
    now = time.time()
    return [
        replace(predict(at, ["a"], now - count + at, sentiment=0), window_posts=at + 1)
        for at in range(count)
    ]


async def test_an_example_is_explained_by_its_own_window_once_for_all_who_ask(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    posts = conversation(predict)
    await keep(valkey, options, posts, [b"-0", b"-1", b"-2"])
    explainer = SlowExplainer()
    server = ApiServer(replace(options, explainer=explainer), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        path, query = "/api/v1/explanations/a", {"post_id": posts[1].post_id}
        asking = [asyncio.create_task(client.get(path, params=query)) for _ in range(5)]
        explainer.may.set()
        answers = [await each for each in asking]
        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].json()["label"] == "negative"
        assert (await client.get("/api/v1/exemplars/a")).json()["explained"] is True
        await client.get(path, params=query)
        (asked,) = explainer.asked
        assert (list(asked.window), asked.text) == ([b"-0", b"-1"], "so late again")
        await ExemplarStore(valkey, options.layout).forget_posts([posts[1].post_id])
        forgotten = await client.get(path, params=query)
        assert (forgotten.status_code, kind(forgotten)) == (404, "no_such_example")
    assert explainer.closed


async def test_what_is_forgotten_while_it_is_explained_is_not_answered(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    posts = conversation(predict)
    await keep(valkey, options, posts, [b"-0", b"-1", b"-2"])
    explainer = SlowExplainer()
    server = ApiServer(replace(options, explainer=explainer), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        query = {"post_id": posts[1].post_id}
        asking = asyncio.create_task(client.get("/api/v1/explanations/a", params=query))
        async with asyncio.timeout(WAIT_S):
            while not explainer.asked:
                await asyncio.sleep(0.01)
        await ExemplarStore(valkey, options.layout).forget_posts([posts[1].post_id])
        explainer.may.set()
        answer = await asking
        assert (answer.status_code, kind(answer)) == (404, "no_such_example")


async def test_an_equal_post_behind_others_is_not_taken_for_the_one_that_was_scored(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    """The one that was scored has left, whatever probability the other one would get."""
    posts = conversation(predict)
    await keep(valkey, options, posts, [b"-0", b"-1", b"-2"])
    (key,) = [each async for each in valkey.scan_iter(f"{options.layout.namespace}:*:window:*")]
    await valkey.rpush(key, b"-1")
    await valkey.ltrim(key, 1, -1)
    explainer = SlowExplainer()
    server = ApiServer(replace(options, explainer=explainer), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        query = {"post_id": posts[1].post_id}
        answer = await client.get("/api/v1/explanations/a", params=query)
        assert (answer.status_code, kind(answer)) == (410, "not_explainable")
    assert not explainer.asked


async def test_trouble_that_may_pass_is_answered_as_such(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    posts = conversation(predict)
    await keep(valkey, options, posts, [b"-0", b"-1", b"-2"])
    mute = ExplainerProcess(command=(sys.executable, "-c", ""))
    server = ApiServer(replace(options, explainer=mute), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        query = {"post_id": posts[1].post_id}
        answer = await client.get("/api/v1/explanations/a", params=query)
        assert (answer.status_code, kind(answer)) == (503, "not_explained_now")
        assert answer.headers["retry-after"]


async def test_more_questions_than_may_wait_are_sent_away(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    posts = conversation(predict, 5)
    await keep(valkey, options, posts, [b"-%d" % at for at in range(5)])
    explainer = SlowExplainer()
    server = ApiServer(replace(options, explainer=explainer), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        path = "/api/v1/explanations/a"
        asking = [
            asyncio.create_task(client.get(path, params={"post_id": post.post_id}))
            for post in posts
        ]
        done, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = (each.result() for each in done)
        assert (refused.status_code, kind(refused)) == (503, "too_many_questions")
        assert refused.headers["retry-after"]
        explainer.may.set()
        assert {(await each).status_code for each in waiting} == {200}


async def test_what_is_not_kept_any_more_is_said(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    posts = conversation(predict)
    await keep(valkey, options, posts, [b"-0", b"-1", b"-2"])
    (key,) = [each async for each in valkey.scan_iter(f"{options.layout.namespace}:*:window:*")]
    await valkey.ltrim(key, 1, -1)
    server = ApiServer(replace(options, explainer=SlowExplainer()), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get(
            "/api/v1/explanations/a", params={"post_id": posts[2].post_id, "task": "emotion"}
        )
        assert (answer.status_code, kind(answer)) == (410, "not_explainable")
        assert "not kept any more" in answer.json()["detail"]


async def test_a_server_without_a_model_says_so(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/explanations/a", params={"post_id": "p1"})
    assert (answer.status_code, kind(answer)) == (404, "nothing_explains")


async def test_the_shipped_model_explains_what_a_worker_kept(
    valkey: redis.asyncio.Redis, options: ApiOptions, predict: PredictionMaker
) -> None:
    texts = ["The train is late.", "so late again"]
    features = load_text_encoder().encode(texts)
    engine = load_engine(None, "cpu", 1, name="window")
    records = engine.encode([{"text": own.astype("float32")} for own in features])
    posts = conversation(predict, 2)
    await keep(valkey, options, posts, [kept_post(own, "negative") for own in records])
    server = ApiServer(replace(options, explainer=ExplainerProcess()), "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url, timeout=WAIT_S) as client:
        answer = await client.get("/api/v1/explanations/a", params={"post_id": posts[1].post_id})
    assert answer.status_code == 200, answer.text
    told = PostExplanation.model_validate_json(answer.content)
    assert [own.text for own in told.words] == ["so", "late", "again"]
    assert abs(told.words_gap) < 0.05
    assert [own.before for own in told.posts] == [1, 0]
    assert told.modalities[0].share == pytest.approx(1.0)
    assert told.model_version == engine.version


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition(":")[2])
