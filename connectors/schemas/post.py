"""The `posts` topic: one post with the feature windows of its text, audio and video.

Not for tensors as arrays: `codec` turns these documents into `DecodedPost` and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from connectors.schemas.media import Media

MEDIA_MAX = 4
Identifier = Annotated[str, Field(min_length=1, max_length=256)]
Track = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1f\x7f{}]+$",
        description="no control characters or braces: the name is part of a Redis hash tag",
    ),
]


def _number_or_text(value: object) -> float | str:
    """A JSON number or string as it is; `event_time` says what point in time it means."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        # pydantic turns a ValueError into a validation error, and lets a TypeError through
        raise ValueError("must be Unix seconds or an ISO 8601 string")  # noqa: TRY004
    return value


EventTime = Annotated[
    float | str,
    PlainValidator(_number_or_text),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "format": "date-time"}],
            "description": "event time: Unix seconds, or ISO 8601 (UTC where it names no offset)",
        }
    ),
]


class TensorDocument(BaseModel):
    """A tensor as base64 of its little-endian, row-major bytes."""

    model_config = ConfigDict(extra="ignore", strict=True)

    dtype: Literal["float16", "float32", "int8"]
    shape: list[Annotated[int, Field(ge=1)]] = Field(min_length=2, max_length=2)
    data: str
    scale: float | None = Field(
        default=None, gt=0, description="int8 only: a value is its integer times `scale`"
    )


class FeaturesDocument(BaseModel):
    """Feature windows by modality, each [steps, width of the feature set] or null."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: TensorDocument | list[list[float]] | None = None
    audio: TensorDocument | list[list[float]] | None = None
    visual: TensorDocument | list[list[float]] | None = None

    @model_validator(mode="after")
    def _one_modality_present(self) -> "FeaturesDocument":
        if self.text is None and self.audio is None and self.visual is None:
            raise ValueError("at least one of text, audio, visual must be present")
        return self


class PostFields(BaseModel):
    """What every form of a post holds."""

    model_config = ConfigDict(extra="ignore", strict=True)

    schema_version: Literal[1] = 1
    post_id: Identifier
    conversation_id: Identifier
    parent_id: Identifier | None = None
    author_id: Identifier | None = Field(
        default=None, description="who wrote it; leaves a worker as a salted hash alone"
    )
    platform: Annotated[str, Field(min_length=1, max_length=64)]
    lang: Annotated[str, Field(max_length=35)] | None = None
    created_at: EventTime
    tracks: list[Track] = Field(default_factory=list, max_length=64)
    text: str | None = None


class RawPost(PostFields):
    """The envelope without features: `posts.raw`, `voxpop produce` and `voxpop score`.

    Only `text` is required by `voxpop score`; what else is missing gets a stated default there.
    """

    media: list[Media] = Field(
        default_factory=list,
        max_length=MEDIA_MAX,
        description="what features of audio and video are made of; never in `posts`",
    )


class PostEnvelope(PostFields):
    """The envelope of the `posts` topic with its tensors unread: `tensors` judges those."""

    schema_version: Literal[1]
    feature_set: Annotated[str, Field(min_length=1, max_length=64)]
    features: dict[str, Any]


class PostDocument(PostFields):
    """The envelope of the `posts` topic, tensors included: what a producer writes."""

    schema_version: Literal[1]
    feature_set: Annotated[str, Field(min_length=1, max_length=64)]
    features: FeaturesDocument
    absent: dict[Literal["text", "audio", "visual"], str] = Field(
        default_factory=dict,
        description="modality -> why it has no features although the post had media for it",
    )


@dataclass(frozen=True, slots=True)
class DecodedPost:
    """A valid post with its tensors as arrays.

    Attributes:
        created_at: event time, Unix seconds.
        author_id: as the producer gave it; never shown, logged or written on.
        tracks: each once, in the order of the envelope.
        features: modality -> float32 [steps, width], only those present, never empty.
    """

    post_id: str
    conversation_id: str
    parent_id: str | None
    platform: str
    lang: str | None
    created_at: float
    tracks: tuple[str, ...]
    text: str | None
    feature_set: str
    features: Mapping[str, NDArray[np.float32]]
    author_id: str | None = field(default=None, repr=False)


JsonObject = dict[str, Any]
