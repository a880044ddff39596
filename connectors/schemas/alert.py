"""The `alerts` topic: what moved on a track, by how much, how sure, since when, and what shows it.

The same document is kept in Redis and sent by webhook. Not for finding shifts: that is
`connectors.alerts`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.prediction import Probability

Modality = Literal["text", "audio", "visual"]


class Change(BaseModel):
    """How large a shift is, with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    form: Literal["ratio", "difference"] = Field(
        description="`ratio`: posts observed / expected; `difference`: share observed - expected"
    )
    value: float
    low: float
    high: float


class PlatformPart(BaseModel):
    """A platform's part in a shift."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    platform: str
    posts: int = Field(ge=0, description="since the minute in which the shift began")
    usual_posts: float = Field(ge=0, description="in as long a while, by those before it")
    share: Probability | None = Field(
        description="of the label among them; null for volume or without posts"
    )
    usual_share: Probability | None = Field(description="before; null for volume or without posts")
    carried: float = Field(description="part of the whole change; those of all platforms sum to 1")


class ModalityPart(BaseModel):
    """How much a modality carried the scores since the shift began, and before it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    modality: Modality
    share: Probability
    usual_share: Probability | None


class Word(BaseModel):
    """A word that tells the posts of the shift from those before."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    word: str
    posts: int = Field(ge=1, description="of those of the shift that hold it")
    usual_posts: int = Field(ge=0, description="of those before")
    z: float = Field(description="how surely it is half again as frequent, in standard errors")


class WordsCounted(BaseModel):
    """Which posts words were counted over.

    `posts`: posts of the track with a text, all or an even part, whatever their labels; words are
    those that go with the label that moved. `examples`: the example posts that are kept with their
    texts; those of the shift have the label.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Literal["posts", "examples"]
    posts: int = Field(ge=0, description="of the shift")
    usual_posts: int = Field(ge=0, description="before it")


class ExamplePost(BaseModel):
    """A post that shows the shift; its text is not here, since that has a life of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    post_id: str
    platform: str
    created_at: float = Field(description="event time, Unix seconds")
    label: str = Field(description="its most probable sentiment, or emotion for a shift of those")
    probability: Probability = Field(description="of that label")


class Evidence(BaseModel):
    """What carried a shift; lists are empty where nothing is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    platforms: list[PlatformPart] = Field(description="those that carried most first")
    modalities: list[ModalityPart] = Field(description="those that grew most first")
    words: list[Word] = Field(description="those that tell most first")
    words_counted: WordsCounted | None = Field(
        default=None, description="which posts those are of; null where no text is kept"
    )
    posts: list[ExamplePost]


class Alert(BaseModel):
    """One shift on one track. Delivered at least once; `alert_id` and `state` tell copies apart."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    alert_id: str = Field(description="the same when it was raised and when it ended")
    state: Literal["raised", "ended"]
    track: str
    kind: Literal["volume", "sentiment", "emotion"]
    label: str | None = Field(description="the label whose share moved; null for volume")
    direction: Literal["up", "down"]
    since: float = Field(description="when it most likely began, event time, Unix seconds")
    raised_at: int = Field(description="end of the window that it was seen in, event time")
    ended_at: int | None = Field(description="from when on it is gone; null while it lasts")
    window_s: Annotated[int, Field(ge=1, description="length of that window, seconds")]
    posts: int = Field(ge=0, description="of the window")
    observed: float = Field(ge=0, description="posts, or the share of the label")
    expected: float = Field(ge=0, description="the same, as is usual then")
    change: Change
    p_value: Probability = Field(
        description="how often one of the kind's measures is as far off by chance"
    )
    q_value: Probability = Field(
        description="share of false ones among all alerts that are as sure, over all tracks"
    )
    summary: str = Field(description="the above in a sentence, in English, times in UTC")
    evidence: Evidence

    @property
    def encoded(self) -> bytes:
        """The value of the record in `alerts`."""
        return self.model_dump_json().encode()
