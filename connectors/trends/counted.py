"""The part of a prediction that counts, read from its JSON; the rest is passed over.

Not for what it counts as: that is `counting`. A whole `Prediction` is checked as it is made.
"""

from typing import Annotated

import msgspec


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where the post stood in Kafka."""

    topic: str
    partition: int
    offset: int


class Sentiment(msgspec.Struct, frozen=True, gc=False):
    """The most probable label, and the probabilities of all."""

    label: str
    probs: Annotated[list[float], msgspec.Meta(min_length=3, max_length=3)]


class Emotion(msgspec.Struct, frozen=True, gc=False):
    """The same of emotions."""

    label: str
    probs: Annotated[list[float], msgspec.Meta(min_length=7, max_length=7)]


class Shares(msgspec.Struct, frozen=True, gc=False):
    """How much each modality carried the score."""

    text: float
    audio: float
    visual: float


class CountedPost(msgspec.Struct, frozen=True, gc=False):
    """What the sink counted of a post, or is to count."""

    source: Place
    tracks: list[str]
    created_at: float
    conversation_id: str
    platform: str
    lang: str | None
    sentiment: Sentiment
    emotion: Emotion
    modalities: Shares
    model_version: str
    previous_sentiment: str | None = None
    author_hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")] | None = None
    stands_for: Annotated[int, msgspec.Meta(ge=1)] = 1


decode_counted = msgspec.json.Decoder(CountedPost).decode
