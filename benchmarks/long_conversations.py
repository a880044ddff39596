"""Conversations as long as their windows, for engines to score the next posts of.

Each batch brings the next post of many of them. Not for the way to the model.
"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from connectors.schemas.kept_post import kept_post
from connectors.schemas.scoring import Features, WindowRequest, surplus
from models.engine import Engine
from stream_app.core.windows import ConversationKey, Windows

CONVERSATIONS: Final = 512
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """Seconds a batch, for encoding and for scoring, and posts of a batch."""

    encode_s: Sequence[float]
    score_s: Sequence[float]
    batch: int

    def rate(self, seconds: Sequence[float]) -> float:
        """Posts a second, where each batch took so long."""
        return round(self.batch * len(seconds) / sum(seconds), 1)

    @property
    def both_s(self) -> list[float]:
        """Seconds a batch for both one after the other."""
        return [a + b for a, b in zip(self.encode_s, self.score_s, strict=True)]


class LongConversations:
    """Long conversations that go on from run to run, in an order that each engine gets alike.

    Args:
        engine: what scores them.
        features: of the posts they are made of.
        window: most posts in a window.
        conversations: how many.
    """

    def __init__(
        self,
        engine: Engine,
        features: Sequence[Features],
        window: int,
        conversations: int = CONVERSATIONS,
    ) -> None:
        self._engine = engine
        self._features = features
        self._records = engine.encode(features)
        self._windows = Windows(window, engine.stamp, conversations)
        self._keys = [ConversationKey(0, f"c{number}") for number in range(conversations)]
        self._random = np.random.default_rng(_SEED)
        for key in self._keys:  # as long as windows of long conversations are
            before = int(self._random.integers(window - surplus(window + 1, window), window + 1))
            records = self._draw(self._records, before)
            self._windows.load(key, [kept_post(record, "neutral") for record in records])
        self._turns = itertools.cycle(self._random.permutation(conversations).tolist())

    def measure(self, batch: int, posts: int) -> BatchTimes:
        """Encode and score the next posts, and tell how long each batch took."""
        encode_s, score_s = [], []
        for _ in range(max(1, posts // batch)):
            keys = [self._keys[next(self._turns)] for _ in range(batch)]
            chosen = self._random.integers(len(self._features), size=batch)
            began = time.perf_counter()
            records = self._engine.encode([self._features[index] for index in chosen])
            encode_s.append(time.perf_counter() - began)
            requests: list[WindowRequest] = []
            for key, record in zip(keys, records, strict=True):
                requests += self._windows.window(key).requests([record], self._windows.length, key)
                self._windows.append(key, [record])
            began = time.perf_counter()
            self._engine.score(requests)
            score_s.append(time.perf_counter() - began)
        return BatchTimes(encode_s, score_s, batch)

    def _draw(self, records: Sequence[bytes], count: int) -> list[bytes]:
        return [records[index] for index in self._random.integers(len(records), size=count)]
