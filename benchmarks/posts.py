"""The posts that the benchmarks score: the demonstration's scenario, without its broken ones."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
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


class SimulatedStream:
    """Valid posts of the scenario without end, the same every time but for their times.

    Args:
        count: about how many will be taken; opinion turns over at half of them.
        progress: told how many texts are encoded.
        conversations: that they belong to, in turn, so that windows are long; None: those of the
            scenario, most of which are short.
    """

    def __init__(self, count: int, progress: Progress, conversations: int | None = None) -> None:
        texts = all_texts()
        self._features = TextFeatures(load_text_encoder(Settings().model))
        self._features.prepare(texts, lambda done: progress("Encoding texts", done, len(texts)))
        self._swing_after_s = count * APART_S / 2
        self._began = time.time() - count * APART_S
        self._conversations = conversations

    def posts(
        self, first: int = 0, wanted: Callable[[bytes], bool] | None = None
    ) -> Iterator[WirePost]:
        """Posts one by one, made as they are asked for; each call begins anew.

        Args:
            first: so many are passed over.
            wanted: which keys, the others are passed over; None: all.
        """
        scenario = Scenario(SEED, self._swing_after_s, "bench")
        number = 0
        while True:
            elapsed_s = number * APART_S
            post = scenario.next_post(elapsed_s)
            if post.fault is not None:
                continue
            if self._conversations is not None:
                name = f"bench-long-{number % self._conversations}"
                post = replace(post, conversation_id=name, parent_id=None)
            number += 1
            if number > first and (wanted is None or wanted(post.conversation_id.encode())):
                yield _on_the_wire(post, self._features, self._began + elapsed_s)


def simulated_posts(count: int, progress: Progress) -> list[WirePost]:
    """The first posts of a stream.

    Args:
        count: how many.
        progress: told how many texts are encoded.
    """
    return list(islice(SimulatedStream(count, progress).posts(), count))


def _on_the_wire(post: ScenarioPost, features: TextFeatures, created_at: float) -> WirePost:
    value = encode_post(envelope(post, features, created_at))
    decoded = decode_value(value, now=time.time(), max_bytes=POST_MAX_BYTES)
    return WirePost(post.conversation_id.encode(), value, decoded)
