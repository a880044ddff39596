"""Labelled conversations in memory, the form that every reader of training data gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.feature_sets import DEFAULT

NO_LABEL: Final = -1
SPLITS: Final = ("train", "dev", "test")
DEFAULT_WIDTHS: Final = (
    DEFAULT.widths["text"],
    DEFAULT.widths["audio"],
    DEFAULT.widths["visual"],
)

Tensors = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """One post with its labels.

    Attributes:
        features: modality -> [steps, width], only those present, at least one. As a reader gives
            it, `text` may be missing and the text itself be there: see `with_text_features`.
        sentiment: index in `labels.SENTIMENTS`, or NO_LABEL.
        emotion: index in `labels.EMOTIONS`, or NO_LABEL.
        text: what was written or said; "" where the data do not have it.
        edges: [E, 2], pairs of steps of `features["text"]` that the text's dependency tree joins;
            None: not parsed.
        group: what the data sort posts by beside conversations, such as a hashtag; "" for none.
        author: who wrote or said it; "" where the data do not tell.
        teacher: [10], logits of a teacher: sentiments, then emotions; None: it has none.
    """

    features: Mapping[str, Tensors]
    sentiment: int
    emotion: int
    text: str = ""
    edges: NDArray[np.int16] | None = None
    group: str = ""
    author: str = ""
    teacher: NDArray[np.float32] | None = None

    def has(self, modality: str) -> bool:
        """Whether the data have the modality of this post, text as features or as itself."""
        return modality in self.features or (modality == "text" and bool(self.text.strip()))


Conversation = Sequence[LabelledPost]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Conversations by split.

    Attributes:
        name: what data these are.
        licence: of the data.
        splits: train, dev, test -> conversations, posts in their order.
        widths: numbers a step of text, audio and visual.
    """

    name: str
    licence: str
    splits: Mapping[str, Sequence[Conversation]]
    widths: tuple[int, int, int] = DEFAULT_WIDTHS


def feature_statistics(
    conversations: Sequence[Conversation], modality: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Mean and deviation of each feature over all steps, NaN left out.

    Returns:
        Two arrays of [width], or None where no post has the modality.
    """
    steps = [
        post.features[modality]
        for posts in conversations
        for post in posts
        if modality in post.features
    ]
    if not steps:
        return None
    rows = np.concatenate(steps).astype(np.float32)  # [steps, width]
    mean: NDArray[np.float64] = np.nanmean(rows, axis=0, dtype=np.float64)
    deviation: NDArray[np.float64] = np.nanstd(rows, axis=0, dtype=np.float64)
    return mean.astype(np.float32), deviation.astype(np.float32)


def fill_missing(
    conversations: Sequence[Conversation], modality: str, values: NDArray[np.float32]
) -> list[list[LabelledPost]]:
    """The conversations with NaN of a modality replaced, [width] values by feature."""
    return [[_filled(post, modality, values) for post in posts] for posts in conversations]


def _filled(post: LabelledPost, modality: str, values: NDArray[np.float32]) -> LabelledPost:
    if modality not in post.features:
        return post
    steps = post.features[modality]
    whole = np.where(np.isnan(steps), values, steps)
    return replace(post, features={**post.features, modality: whole})
