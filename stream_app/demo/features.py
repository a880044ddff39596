"""Envelopes of the scenario's posts; the features of each text are encoded once, in batches.

Not for posts with foreign texts: `voxpop produce` sends those.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.codec import encode_tensor
from stream_app.demo.scenario import ScenarioPost

BATCH = 64


class Encoder(Protocol):
    """What turns texts into token vectors."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """For each text float16 [tokens, 384]."""


class TextFeatures:
    """Tensor documents of texts.

    Args:
        encoder: encodes what was not seen before.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, dict[str, Any]] = {}

    def prepare(self, texts: Sequence[str], report: Callable[[int], None]) -> None:
        """Encode texts beforehand.

        Args:
            texts: those that will be asked for.
            report: told how many are done, after each batch.
        """
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            for text, vectors in zip(batch, self._encoder.encode(batch), strict=True):
                self._known[text] = encode_tensor(vectors)
            report(start + len(batch))

    def document(self, text: str) -> dict[str, Any]:
        """The tensor document of a text, encoded now if it was not prepared."""
        if text not in self._known:
            self.prepare([text], lambda _done: None)
        return self._known[text]


def envelope(post: ScenarioPost, features: TextFeatures, created_at: float) -> dict[str, Any]:
    """The whole envelope of a post, its tensors as documents.

    Args:
        post: of the scenario.
        features: of its text.
        created_at: event time, Unix seconds.
    """
    return {
        "schema_version": 1,
        "post_id": post.post_id,
        "conversation_id": post.conversation_id,
        "parent_id": post.parent_id,
        "platform": post.platform,
        "lang": "en",
        "created_at": created_at,
        "tracks": [post.track],
        "text": post.text,
        "feature_set": "default@1",
        "features": {
            "text": features.document(post.text),
            "audio": None if post.audio is None else encode_tensor(post.audio),
            "visual": None if post.visual is None else encode_tensor(post.visual),
        },
    }
