"""Lines of a JSONL file as posts to score: defaults filled in, text features made, decoded.

Not for scoring them: `score_file` does that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.codec import decode_value, encode_post
from connectors.schemas.post import DecodedPost, JsonObject
from connectors.schemas.rejection import Reason, Rejection
from stream_app.cli.post_lines import is_raw, parsed, with_text_features
from stream_app.core.windows import ConversationKey

_NAMED, _UNNAMED = 0, 1


class Encoder(Protocol):
    """What makes features of texts: `models.text_encoder.TextEncoder`."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """One float16 [tokens, 384] for each text."""


@dataclass(frozen=True, slots=True)
class ReadPost:
    """A valid post and its conversation.

    Attributes:
        key: apart from all others where the line names no conversation.
    """

    key: ConversationKey
    post: DecodedPost


@dataclass(frozen=True, slots=True)
class _Line:
    post: JsonObject
    named: bool


class LineReader:
    """Reads lines as posts.

    A raw post needs `text` alone. Without `conversation_id` it is a conversation of its own,
    without `post_id` it is `line-<n>`, without `platform` it is `unknown`, and without
    `created_at` it is of now.

    Args:
        encoder: makes the text features of raw posts.
        feature_set: the one that the model scores; others are refused.
        max_bytes: a longer post is refused.
    """

    def __init__(self, encoder: Encoder, feature_set: str, max_bytes: int) -> None:
        self._encoder = encoder
        self._feature_set = feature_set
        self._max_bytes = max_bytes

    def read(self, lines: Sequence[bytes], first: int, now: float) -> list[ReadPost | Rejection]:
        """The post of each line, or why it has none.

        Args:
            lines: of the file, in order.
            first: index of the first of them in the file, from 0.
            now: Unix seconds.
        """
        read: list[_Line | Rejection] = []
        for index, line in enumerate(lines, start=first):
            try:
                read.append(self._line(line, f"line-{index + 1}", now))
            except Rejection as rejection:
                read.append(rejection)
        raw = [line.post for line in read if isinstance(line, _Line) and is_raw(line.post)]
        vectors = iter(self._encoder.encode([str(post["text"]) for post in raw]))
        return [
            self._read(line, vectors, now) if isinstance(line, _Line) else line for line in read
        ]

    def _line(self, line: bytes, name: str, now: float) -> _Line:
        if len(line) > self._max_bytes:
            raise Rejection(
                Reason.TOO_LARGE, f"{len(line)} bytes; a post may have {self._max_bytes}"
            )
        try:
            post = parsed(line)
        except ValueError:
            decode_value(line, now=now, max_bytes=self._max_bytes)  # raises the worker's reason
            raise
        if not is_raw(post):
            return _Line(post, named=True)
        given = {field: value for field, value in post.items() if value is not None}
        defaults: JsonObject = {
            "post_id": name,
            "conversation_id": name,
            "platform": "unknown",
            "created_at": now,
        }
        filled = defaults | given
        text = filled.get("text")
        if not (isinstance(text, str) and text.strip()):
            raise Rejection(
                Reason.INVALID_SCHEMA, "text: is needed where a post comes without features"
            )
        return _Line(filled, named="conversation_id" in given)

    def _read(
        self, line: _Line, vectors: Iterator[NDArray[np.float16]], now: float
    ) -> ReadPost | Rejection:
        envelope = line.post
        if is_raw(envelope):
            envelope = with_text_features(envelope, next(vectors))
        try:
            post = decode_value(encode_post(envelope), now=now, max_bytes=self._max_bytes)
        except Rejection as rejection:
            return rejection
        if post.feature_set != self._feature_set:
            return Rejection(
                Reason.UNKNOWN_FEATURE_SET,
                f"feature_set {post.feature_set!r} is not the one of the model, "
                f"{self._feature_set!r}",
            )
        return ReadPost(
            ConversationKey(_NAMED if line.named else _UNNAMED, post.conversation_id), post
        )
