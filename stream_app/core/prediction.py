"""Makes the prediction of a post from its score: labels, rounding, and what it was said of."""

from collections.abc import Sequence

from connectors.schemas.labels import EMOTIONS
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import (
    EmotionScore,
    ModalityShares,
    Prediction,
    SentimentScore,
    Source,
)
from connectors.trends.counting import MILLION
from stream_app.core.scoring import ScoredPost, most_probable


def make_prediction(
    post: DecodedPost,
    scored: ScoredPost,
    source: Source,
    model_version: str,
    scored_at: float,
    author_hash: str | None = None,
    stands_for: int = 1,
) -> Prediction:
    """The prediction of a scored post.

    Args:
        post: what was scored.
        scored: what the model said.
        source: where the post stood.
        model_version: which model said it.
        scored_at: Unix seconds.
        author_hash: of its author, None where nothing is known.
        stands_for: posts that it counts for, itself included.
    """
    score = scored.score
    return Prediction(
        post_id=post.post_id,
        conversation_id=post.conversation_id,
        platform=post.platform,
        lang=post.lang,
        tracks=list(post.tracks),
        created_at=post.created_at,
        source=source,
        sentiment=SentimentScore(scored.sentiment, _rounded(score.sentiment)),
        emotion=EmotionScore(most_probable(EMOTIONS, score.emotion), _rounded(score.emotion)),
        modalities=ModalityShares(*_rounded(score.modalities)),
        previous_sentiment=scored.previous,
        author_hash=author_hash,
        stands_for=stands_for,
        window_posts=scored.window_posts,
        model_version=model_version,
        scored_at=scored_at,
    )


def _rounded(probabilities: Sequence[float]) -> list[float]:
    """To six places, halves up; `round` takes four times as long."""
    return [int(own * MILLION + 0.5) / MILLION for own in probabilities]
