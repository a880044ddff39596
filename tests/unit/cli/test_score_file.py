"""Scoring a file: a line for each line, in order, errors at their place."""

from collections.abc import Sequence

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from connectors.schemas.author import AuthorHasher
from connectors.schemas.codec import encode_post
from connectors.schemas.post import JsonObject
from connectors.schemas.prediction import Source, read_prediction
from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.cli.score_file import LineScorer
from stream_app.cli.score_lines import LineReader

NOW = 1_764_000_000.0


class CountingEngine:
    """Says how many posts it saw; breaks on a text that begins with 13."""

    version = "counting-1+00000000"
    feature_set = "default@1"
    stamp = b"counting"

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        if any(post["text"][0, 0] == 13 for post in posts):
            raise ValueError("thirteen")
        return [self.stamp + bytes([int(post["text"][0, 0])]) for post in posts]

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        score = Score((0.1, 0.2, 0.7), (0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), (1.0, 0.0, 0.0))
        return [[score for _ in window.targets] for window in windows]


class LengthEncoder:
    """Token vectors that hold the text's length."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        return [np.full((2, 384), len(text), np.float16) for text in texts]


def scored(lines: Sequence[bytes], window: int = 32) -> list[JsonObject]:
    reader = LineReader(LengthEncoder(), "default@1", max_bytes=100_000)
    scorer = LineScorer(
        CountingEngine(), reader, "in.jsonl", window, AuthorHasher(None), clock=lambda: NOW
    )
    answers = [*scorer.score(lines[:2]), *scorer.score(lines[2:])]
    read: list[JsonObject] = [orjson.loads(answer) for answer in answers]
    assert scorer.failed == sum("error" in answer for answer in read)
    return read


def raw(text: str = "hi", **fields: object) -> bytes:
    return orjson.dumps({"text": text, **fields})


def envelope(**fields: object) -> bytes:
    return encode_post(
        {
            "schema_version": 1,
            "post_id": "p1",
            "conversation_id": "c1",
            "platform": "bluesky",
            "created_at": NOW,
            "feature_set": "default@1",
            "features": {"text": np.ones((3, 384), np.float32)},
            **fields,
        }
    )


def test_a_raw_post_needs_text_alone() -> None:
    answers = scored([raw(), raw()])
    first, second = (read_prediction(answer) for answer in answers)
    assert (first.post_id, second.post_id) == ("line-1", "line-2")
    assert first.platform == "unknown"
    assert first.created_at == NOW
    assert first.sentiment.label == "positive"
    assert first.model_version == "counting-1+00000000"
    assert first.source == Source("in.jsonl", 0, 0)
    assert second.source.offset == 1


def test_posts_of_one_conversation_share_a_window_across_chunks() -> None:
    lines = [raw(conversation_id="c"), raw(), raw(conversation_id="c"), raw(conversation_id="d")]
    assert [answer["window_posts"] for answer in scored(lines)] == [1, 1, 2, 1]


def test_most_of_a_full_window_leaves_at_once() -> None:
    answers = scored([raw(conversation_id="c")] * 5, window=3)
    assert [answer["window_posts"] for answer in answers] == [1, 2, 3, 2, 3]


def test_a_post_without_a_conversation_joins_none_of_its_name() -> None:
    answers = scored([raw(), raw(conversation_id="line-3"), raw()])
    assert [answer["window_posts"] for answer in answers] == [1, 1, 1]


def test_an_envelope_is_scored_with_its_own_features() -> None:
    first, second = scored([envelope(tracks=["acme"]), envelope(post_id="p2")])
    assert (first["post_id"], first["tracks"], first["platform"]) == ("p1", ["acme"], "bluesky")
    assert second["window_posts"] == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"[1]", "invalid_schema"),
        (b'{"text": "x", "features": {"text": [[NaN]]}}', "invalid_schema"),
        (b"\xff", "invalid_json"),
        (b"{}", "invalid_schema"),
        (raw(text=" "), "invalid_schema"),
        (b'{"text": 5}', "invalid_schema"),
        (raw(tracks="acme"), "invalid_schema"),
        (raw(created_at=NOW + 100_000), "bad_timestamp"),
        (raw(created_at="yesterday"), "bad_timestamp"),
        (raw(text="x" * 100_001), "too_large"),
        (raw(text="thirteen char"), "poison"),
        (raw(schema_version=2), "unsupported_version"),
        (envelope(schema_version=2), "unsupported_version"),
        (envelope(feature_set="paper@1"), "bad_tensor"),
        (envelope(feature_set="other@1"), "unknown_feature_set"),
        (envelope(features={"text": [[1.0]]}), "bad_tensor"),
        (
            envelope(feature_set="paper@1", features={"text": np.ones((1, 300), np.float32)}),
            "unknown_feature_set",
        ),
    ],
)
def test_a_line_that_cannot_be_scored_is_an_error_at_its_place(line: bytes, reason: str) -> None:
    before, answer, after = scored([raw(), line, raw(conversation_id="c")])
    assert answer.keys() == {"error"}
    assert answer["error"]["reason"] == reason
    assert answer["error"]["line"] == 2  # as an editor counts
    assert answer["error"]["detail"]
    assert before["source"]["offset"] == 0
    assert after["source"]["offset"] == 2
