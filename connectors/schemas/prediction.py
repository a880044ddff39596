"""The `predictions` topic: what the model said of one post, and which post that was."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Sentiment = Literal["negative", "neutral", "positive"]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Source(BaseModel):
    """Where the post stood in Kafka; identifies a prediction."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class SentimentScore(BaseModel):
    """Most probable sentiment and the probabilities in the order of `labels.SENTIMENTS`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: Sentiment
    probs: list[Probability] = Field(min_length=3, max_length=3)


class EmotionScore(BaseModel):
    """Most probable emotion and the probabilities in the order of `labels.EMOTIONS`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: Literal["happy", "disgust", "sad", "fear", "surprise", "angry", "neutral"]
    probs: list[Probability] = Field(min_length=7, max_length=7)


class ModalityShares(BaseModel):
    """How much each modality carried the score; the three sum to 1, an absent one has 0."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: Probability
    audio: Probability
    visual: Probability


class Prediction(BaseModel):
    """One scored post. Delivered at least once; `source` tells duplicates apart."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        protected_namespaces=(),
        hide_input_in_errors=True,  # an error may end in a log, which holds nothing of a post
    )

    schema_version: Literal[1] = 1
    post_id: str
    conversation_id: str
    platform: str
    lang: str | None
    tracks: list[str]
    created_at: float = Field(description="event time, Unix seconds")
    source: Source
    sentiment: SentimentScore
    emotion: EmotionScore
    modalities: ModalityShares
    previous_sentiment: Sentiment | None = Field(
        default=None, description="label of the post before it in its conversation, if one is known"
    )
    author_hash: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{16}$", description="salted hash of the author's id"
    )
    stands_for: int = Field(
        default=1,
        ge=1,
        description="posts that it counts for: over 1 where conversations were sampled",
    )
    window_posts: int = Field(ge=1, description="posts the model saw, this one included")
    model_version: str
    scored_at: float = Field(description="Unix seconds")

    @cached_property
    def encoded(self) -> bytes:
        """The value of the record in `predictions`; made once, since it is written twice."""
        return self.model_dump_json().encode()
