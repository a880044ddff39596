"""An example post as it is kept and answered. Not for which posts are kept: that is `ranking`."""

from collections.abc import Iterable

import orjson
from pydantic import BaseModel, ConfigDict, Field

from connectors.exemplars.ranking import rank
from connectors.exemplars.window_place import WindowPlace
from connectors.schemas.labels import EMOTIONS, SENTIMENTS, Sentiment
from connectors.schemas.prediction import (
    EmotionScore,
    ModalityShares,
    Prediction,
    SentimentScore,
)


class Exemplar(BaseModel):
    """A post that shows what a track's posts of its sentiment and of its emotion are like."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    post_id: str
    conversation_id: str
    platform: str
    lang: str | None
    created_at: float = Field(description="event time, Unix seconds")
    sentiment: SentimentScore
    emotion: EmotionScore
    modalities: ModalityShares
    previous_sentiment: Sentiment | None
    model_version: str
    author_hash: str | None = Field(exclude=True, description="for deletion; never answered")
    window_posts: int | None = Field(
        default=None, exclude=True, description="posts the model saw, this one included"
    )
    window: WindowPlace | None = Field(
        default=None, exclude=True, description="where those stand; None where it is not known"
    )
    text: str | None = Field(
        default=None, description="null where the deployment keeps no texts, or no longer this one"
    )


_KEPT = tuple(name for name in Exemplar.model_fields if name not in {"text", "window"})


def document(post: Prediction, window: WindowPlace | None) -> str:
    """What is kept of a post, JSON; its text stands apart, since it has a life of its own.

    Args:
        post: as it was scored.
        window: where its window stands; None where that is not known.
    """
    kept = {name: getattr(post, name) for name in _KEPT}
    kept["window"] = None if window is None else window.model_dump()
    return orjson.dumps(kept).decode()


def best(documents: Iterable[bytes], sentiment: str | None, emotion: str | None) -> list[Exemplar]:
    """Exemplars of a sentiment and an emotion, the highest rank first.

    Args:
        documents: all that are kept of a track.
        sentiment: only posts of it, and ranked by it; None: of any.
        emotion: the same; where both are None, posts are ranked by their sentiment.
    """
    kept = [Exemplar.model_validate_json(own) for own in documents]
    fitting = [
        own
        for own in kept
        if sentiment in {None, own.sentiment.label} and emotion in {None, own.emotion.label}
    ]
    by_emotion = emotion is not None and sentiment is None
    return sorted(fitting, key=lambda own: -_rank(own, by_emotion))


def _rank(exemplar: Exemplar, by_emotion: bool) -> float:
    if by_emotion:
        probability = exemplar.emotion.probs[EMOTIONS.index(exemplar.emotion.label)]
    else:
        probability = exemplar.sentiment.probs[SENTIMENTS.index(exemplar.sentiment.label)]
    return rank(probability, exemplar.created_at, exemplar.post_id)
