"""What an explanation holds. Not for making one: that is `explainer`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.explanation.oracle import Task

Part = Literal["modalities", "posts", "words"]


@dataclass(frozen=True, slots=True)
class Method:
    """How one part was made.

    Attributes:
        name: of the method.
        taken_away: what stands in for what is taken away.
        source: of the method.
    """

    name: str
    taken_away: str
    source: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether the values of one part add up.

    Attributes:
        difference: log odds of the label as scored, less those with all players taken away.
        gap: what of the difference the values do not account for. Rounding is below 0.01; more in
            `words` says that the features were not made from this text by this encoder.
    """

    difference: float
    gap: float


@dataclass(frozen=True, slots=True)
class ModalityShare:
    """A modality's part; 0 where the post lacks it.

    Attributes:
        share: in [0, 1]; shares sum to 1 unless nothing matters at all.
        signed: what it adds to the log odds of the label.
    """

    modality: str
    share: float
    signed: float


@dataclass(frozen=True, slots=True)
class PostShare:
    """A post's part, `share` and `signed` as above; the last one is the explained post."""

    post_id: str
    share: float
    signed: float


@dataclass(frozen=True, slots=True)
class WordValue:
    """What `text[start:end]` adds to the log odds of the label."""

    text: str
    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one post got the probability of one label.

    Attributes:
        label: the one explained.
        predicted: the most probable one.
        probabilities: label -> probability, as `voxpop score` gives it.
        log_odds: of `label`: log p / (1 - p).
        modalities: of the explained post, all three.
        posts: of its window, oldest first, itself last.
        words: of its text, in order; empty where `without_words` says why.
        without_words: "" where there are words.
        methods, completeness: by part; no `words` where there are none.
    """

    post_id: str
    conversation_id: str
    model_version: str
    task: Task
    label: str
    predicted: str
    probabilities: Mapping[str, float]
    log_odds: float
    modalities: Sequence[ModalityShare]
    posts: Sequence[PostShare]
    words: Sequence[WordValue]
    without_words: str
    methods: Mapping[Part, Method]
    completeness: Mapping[Part, Completeness]
