"""The posts that the benchmarks score: the demonstration's scenario, without its broken ones."""

import time
from dataclasses import dataclass, replace
from typing import Final

from connectors.schemas.codec import decode_value, encode_post
from connectors.schemas.post import DecodedPost
from deploy.local.progress import Progress
from models.text_encoder import load_text_encoder
from stream_app.demo.features import TextFeatures, envelope
from stream_app.demo.phrases import all_texts
from stream_app.demo.scenario import Scenario, ScenarioPost
from stream_app.settings import Settings

SEED: Final = 7
APART_S: Final = 0.01
POST_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class WirePost:
    """A post as it lies in Kafka, and as the worker reads it."""

    key: bytes
    value: bytes
    post: DecodedPost


def simulated_posts(
    count: int, progress: Progress, conversations: int | None = None
) -> list[WirePost]:
    """The first valid posts of the scenario, the same every time but for their times.

    Args:
        count: how many.
        progress: told how many texts are encoded.
        conversations: that they belong to, in turn, so that windows are long; None: those of the
            scenario, most of which are short.
    """
    texts = all_texts()
    features = TextFeatures(load_text_encoder(Settings().model))
    features.prepare(texts, lambda done: progress("Encoding texts", done, len(texts)))
    scenario = Scenario(SEED, count * APART_S / 2, "bench")
    began = time.time() - count * APART_S
    posts: list[WirePost] = []
    while len(posts) < count:
        elapsed_s = len(posts) * APART_S
        post = scenario.next_post(elapsed_s)
        if post.fault is None:
            if conversations is not None:
                name = f"bench-long-{len(posts) % conversations}"
                post = replace(post, conversation_id=name, parent_id=None)
            posts.append(_on_the_wire(post, features, began + elapsed_s))
    return posts


def _on_the_wire(post: ScenarioPost, features: TextFeatures, created_at: float) -> WirePost:
    value = encode_post(envelope(post, features, created_at))
    decoded = decode_value(value, now=time.time(), max_bytes=POST_MAX_BYTES)
    return WirePost(post.conversation_id.encode(), value, decoded)
