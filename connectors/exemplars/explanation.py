"""Why an example post was scored as it was, as it is answered, and who can tell.

Not for finding out: that takes a model, which whoever starts a server passes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Task = Literal["sentiment", "emotion"]
_SIGNED = "what it adds to the log odds of the label; below 0 it speaks against the label"


class ExplanationUnavailableError(Exception):
    """A post cannot be explained, and never will be, for a reason that the message says."""


class ExplanationDelayedError(Exception):
    """A post is not explained now, for a reason that the message says and that may pass."""


class CarryingModality(BaseModel):
    """A modality's part; 0 where the post lacks it."""

    model_config = ConfigDict(frozen=True)

    modality: Literal["text", "audio", "visual"]
    share: float = Field(description="of all modalities, 0 to 1")
    signed: float = Field(description=_SIGNED)


class CarryingPost(BaseModel):
    """A post's part; of the window, oldest first."""

    model_config = ConfigDict(frozen=True)

    before: int = Field(ge=0, description="how many posts before the explained one; 0: itself")
    share: float = Field(description="of all posts of the window, 0 to 1")
    signed: float = Field(description=_SIGNED)


class CarryingWord(BaseModel):
    """A word's part, by its place in the text, in Unicode code points."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: int
    end: int
    signed: float = Field(description=_SIGNED)


class PostExplanation(BaseModel):
    """Shapley values of a label's log odds: of modalities, of the window's posts, of words."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    task: Task
    label: str
    probability: float = Field(description="of the label, in float32; a worker may have rounded")
    log_odds: float
    model_version: str
    modalities: list[CarryingModality]
    posts: list[CarryingPost]
    words: list[CarryingWord] = Field(description="in the order of the text")
    without_words: str = Field(description="why there are none; empty where there are")
    words_gap: float = Field(
        description="log odds that the words leave over: past 0.05 the features were not made "
        "from this text"
    )


@dataclass(frozen=True, slots=True)
class ExplanationQuestion:
    """What is asked about a post.

    Attributes:
        window: as the store keeps it, oldest first, the post to explain last.
        text: of the post; None where it is not kept.
        task: whose label.
        label: the one to explain.
    """

    window: Sequence[bytes]
    text: str | None
    task: Task
    label: str


class PostExplainer(Protocol):
    """Explains posts, one at a time; who asks waits for seconds."""

    async def explain(self, question: ExplanationQuestion) -> PostExplanation:
        """Why the last post of a window got its label.

        Raises:
            ExplanationUnavailableError: it cannot be told.
            ExplanationDelayedError: it cannot be told now.
        """

    async def close(self) -> None:
        """Give back what it holds."""
