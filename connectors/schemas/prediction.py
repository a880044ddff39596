"""The `predictions` topic: what the model said of one post, and which post that was.

A worker makes thousands a second, so that these are plain dataclasses: making one checks nothing,
`read_prediction` checks all.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import orjson
from pydantic import ConfigDict, Field, TypeAdapter

from connectors.schemas.labels import Emotion, Sentiment

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the post stood in Kafka; identifies a prediction."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """Most probable sentiment and the probabilities in the order of `labels.SENTIMENTS`."""

    label: Sentiment
    probs: Annotated[list[Probability], Field(min_length=3, max_length=3)]


@dataclass(frozen=True, slots=True)
class EmotionScore:
    """Most probable emotion and the probabilities in the order of `labels.EMOTIONS`."""

    label: Emotion
    probs: Annotated[list[Probability], Field(min_length=7, max_length=7)]


@dataclass(frozen=True, slots=True)
class ModalityShares:
    """How much each modality carried the score; the three sum to 1, an absent one has 0."""

    text: Probability
    audio: Probability
    visual: Probability


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One scored post. Delivered at least once; `source` tells duplicates apart."""

    __pydantic_config__: ClassVar = ConfigDict(
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
    created_at: Annotated[float, Field(description="event time, Unix seconds")]
    source: Source
    sentiment: SentimentScore
    emotion: EmotionScore
    modalities: ModalityShares
    previous_sentiment: Annotated[
        Sentiment | None,
        Field(
            description="label of the post before it in its conversation, if one is known",
        ),
    ] = None
    author_hash: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-f]{16}$", description="salted hash of the author's id"),
    ] = None
    stands_for: Annotated[
        int,
        Field(
            ge=1,
            description="posts that it counts for: over 1 where conversations were sampled",
        ),
    ] = 1
    window_posts: Annotated[int, Field(ge=1, description="posts the model saw, this one included")]
    model_version: str
    scored_at: Annotated[float, Field(description="Unix seconds")]

    @cached_property
    def encoded(self) -> bytes:
        """The value of the record in `predictions`; made once, since it is written twice."""
        return orjson.dumps(self)


_READER: TypeAdapter[Prediction] = TypeAdapter(Prediction)


def read_prediction(document: object) -> Prediction:
    """The prediction that a JSON document holds.

    Raises:
        pydantic.ValidationError: it holds none, which is a ValueError.
    """
    return _READER.validate_python(document)
