"""Comments into the `posts` topic, with their text features, as fast as Kafka takes them."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from deploy.local.progress import Progress
from models.text_encoder import load_text_encoder
from stream_app.replay.comments import Comment

ENCODED_AT_ONCE: Final = 512
REPORT_EVERY: Final = 500
ENCODING: Final = "Encoding texts"
SENDING: Final = "Sending posts"

Tokens = NDArray[np.float16]


def encode_texts(
    comments: Sequence[Comment], checkpoint: Path | None, progress: Progress
) -> list[Tokens]:
    """For each comment the features of its text, float16 [tokens, 384]; about 15 KB each."""
    encoder = load_text_encoder(checkpoint)
    features: list[Tokens] = []
    progress(ENCODING, 0, len(comments))
    for start in range(0, len(comments), ENCODED_AT_ONCE):
        batch = comments[start : start + ENCODED_AT_ONCE]
        features += encoder.encode([comment.text for comment in batch])
        progress(ENCODING, len(features), len(comments))
    return features


async def send_comments(
    producer: PostProducer,
    comments: Sequence[Comment],
    features: Sequence[Tokens],
    times: Sequence[float],
    rate: float | None,
    progress: Progress,
) -> list[Delivery]:
    """Send the comments by event time; returns when the broker has all of them.

    Args:
        producer: started.
        comments: in any order.
        features: of each comment.
        times: event time of each comment, Unix seconds.
        rate: most posts a second; None for as many as the broker takes.
        progress: told how many are sent.

    Returns:
        Where each comment lies, in the order of `comments`.

    Raises:
        ValueError: a comment makes no valid post.
        connectors.kafka.errors.DeliveryError: the broker did not take a post.
    """
    order = sorted(range(len(comments)), key=times.__getitem__)
    deliveries: dict[int, asyncio.Future[Delivery]] = {}
    began = time.monotonic()
    for index in order:
        if rate is not None:
            await asyncio.sleep(began + len(deliveries) / rate - time.monotonic())
        document = _document(comments[index], features[index], times[index])
        deliveries[index] = await producer.send(document)
        if len(deliveries) % REPORT_EVERY == 0 or len(deliveries) == len(comments):
            progress(SENDING, len(deliveries), len(comments))
    await producer.flush()
    return [deliveries[index].result() for index in range(len(comments))]


def _document(comment: Comment, tokens: Tokens, created_at: float) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "post_id": comment.post_id,
        "conversation_id": comment.conversation_id,
        "parent_id": None,
        "platform": "tiktok",
        "lang": None,
        "created_at": created_at,
        "tracks": [comment.track],
        "text": comment.text,
        "feature_set": "default@1",
        "features": {"text": tokens, "audio": None, "visual": None},
    }
