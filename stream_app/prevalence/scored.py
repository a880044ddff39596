"""Labelled comments with the probabilities that a worker would give them. No Kafka, no Redis."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from connectors.prevalence.posts import Array, LabelledPosts
from connectors.schemas.labels import SENTIMENTS
from deploy.local.progress import Progress
from stream_app.cli.score_file import NamedEngine
from stream_app.cli.score_lines import Encoder
from stream_app.core.halving import PoisonPost
from stream_app.core.scoring import PostToScore, Scorer, canary_features
from stream_app.core.windows import ConversationKey, Windows
from stream_app.replay.comments import Comment

COMMENTS_A_CHUNK: Final = 512
SCORING: Final = "Scoring comments"


class PoisonCommentError(Exception):
    """The model fails on a comment; the message names it."""


def score_comments(
    engine: NamedEngine,
    encoder: Encoder,
    comments: Sequence[Comment],
    window: int,
    progress: Progress,
) -> Array:
    """Probabilities of the sentiments, each comment in the window of its video.

    Args:
        engine: the model.
        encoder: makes its text features.
        comments: in the order in which they are posted.
        window: most comments that the model sees at once.
        progress: told how many are scored.

    Returns:
        [M, 3], in the order of the comments.

    Raises:
        PoisonCommentError: the model fails on a comment.
        stream_app.core.scoring.ModelBroken: it fails on every one.
    """
    windows = Windows(window, engine.stamp, capacity=len(comments) + 1)
    scorer = Scorer(engine, windows, canary_features(engine.feature_set))
    rows: list[tuple[float, ...]] = []
    progress(SCORING, 0, len(comments))
    for start in range(0, len(comments), COMMENTS_A_CHUNK):
        chunk = comments[start : start + COMMENTS_A_CHUNK]
        keys = [ConversationKey(0, comment.conversation_id) for comment in chunk]
        for key in windows.missing(keys):
            windows.load(key, ())
        vectors = encoder.encode([comment.text for comment in chunk])
        posts = [
            PostToScore(key, {"text": own.astype(np.float32)})
            for key, own in zip(keys, vectors, strict=True)
        ]
        for comment, scored in zip(chunk, scorer.score(posts), strict=True):
            if isinstance(scored, PoisonPost):
                raise PoisonCommentError(f"comment {comment.post_id}: {scored.detail}")
            rows.append(scored.score.sentiment)
        progress(SCORING, len(rows), len(comments))
    return np.array(rows).reshape(-1, len(SENTIMENTS))


def labelled_posts(comments: Sequence[Comment], probabilities: Array) -> LabelledPosts:
    """Those of the comments that have a label.

    Args:
        comments: at least one with a label.
        probabilities: [M, 3], of each comment.
    """
    labelled = [index for index, comment in enumerate(comments) if comment.opinion is not None]
    own = [comments[index] for index in labelled]
    videos = dict.fromkeys(comment.conversation_id for comment in own)
    numbers = {video: number for number, video in enumerate(videos)}
    return LabelledPosts(
        truth=np.array([SENTIMENTS.index(str(comment.opinion)) for comment in own]),
        posteriors=probabilities[labelled],
        tracks=np.array([comment.track for comment in own], np.str_),
        conversations=np.array([numbers[comment.conversation_id] for comment in own]),
    )
