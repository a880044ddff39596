"""Comments are scored as a worker would: each in the window of its video."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.prevalence.scored import PoisonCommentError, labelled_posts, score_comments
from stream_app.replay.comments import Comment
from tests.unit.stream_app.fakes import FakeEngine


class NumberedEngine(FakeEngine):
    feature_set = "default@1"


class NumberEncoder:
    """Its vectors are the number that is the text."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        return [np.full((1, 384), int(text), np.float16) for text in texts]


def comment(number: int, video: str, opinion: str | None = "positive") -> Comment:
    return Comment(f"c{number}", video, "acme", str(number), 0, opinion)


COMMENTS = [comment(1, "a"), comment(2, "b", None), comment(3, "a"), comment(4, "b", "negative")]


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def test_a_comment_is_scored_after_the_earlier_ones_of_its_video() -> None:
    engine = NumberedEngine()
    score_comments(engine, NumberEncoder(), COMMENTS, 32, silent)
    assert set(engine.seen) == {(b"m1",), (b"m2",), (b"m1", b"m3"), (b"m2", b"m4")}


def test_rows_are_in_the_order_of_the_comments() -> None:
    found = score_comments(NumberedEngine(), NumberEncoder(), COMMENTS, 32, silent)
    assert found.shape == (4, 3)
    # the engine's answer is the number of comments that it saw
    assert found.argmax(axis=1).tolist() == [1, 1, 2, 2]


def test_a_comment_that_breaks_the_model_is_named() -> None:
    with pytest.raises(PoisonCommentError, match="comment c3"):
        score_comments(NumberedEngine({3}), NumberEncoder(), COMMENTS, 32, silent)


def test_comments_without_a_label_are_left_out_after_scoring() -> None:
    probabilities = np.eye(3)[[0, 1, 2, 0]]
    posts = labelled_posts(COMMENTS, probabilities)
    assert posts.truth.tolist() == [2, 2, 0]
    np.testing.assert_array_equal(posts.posteriors, probabilities[[0, 2, 3]])
    assert posts.conversations.tolist() == [0, 0, 1]
    assert posts.track_names() == ["acme"]
