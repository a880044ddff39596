"""Measures of a part of the posts: by position, by group or author, and with a modality removed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from connectors.schemas.labels import MODALITIES
from models.calibration import Calibration, apply
from models.evaluation.judged import CLASSES, Judged, Task
from models.evaluation.metrics import measures
from models.training.corpus import NO_LABEL

# first and last position, from 1; the last slice has no end
POSITIONS: Final = ((1, 1), (2, 2), (3, 5), (6, 10), (11, None))

LEAST_POSTS_OF_A_PART: Final = 100


class PositionSlice(BaseModel):
    """Posts at some positions of their conversations.

    Attributes:
        first: position from 1.
        last: position from 1, included; None: no end.
        measures: as `metrics.measures`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int
    last: int | None
    posts: int
    measures: dict[str, float]

    @property
    def name(self) -> str:
        """Such as `3-5` or `11+`."""
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


class Part(BaseModel):
    """Posts that the data name alike, such as those of a hashtag or an author.

    Attributes:
        measures: as `metrics.measures`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    posts: int
    measures: dict[str, float]


class Removal(BaseModel):
    """What a modality gives: the posts that have it and another one, judged with and without it.

    Attributes:
        modality: the one that was removed, from all posts that have another.
        posts: labelled posts that have it and another one; only these are judged.
        kept: measures with all modalities.
        removed: measures without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    modality: str
    posts: int
    kept: dict[str, float]
    removed: dict[str, float]


def probabilities(judged: Judged, task: Task, calibration: Calibration) -> NDArray[np.float64]:
    """Calibrated probabilities of every post, [M, C]."""
    own = calibration.sentiment if task == "sentiment" else calibration.emotion
    return apply(judged.logits(task), own)


def by_position(judged: Judged, task: Task, calibration: Calibration) -> list[PositionSlice]:
    """The slices of `POSITIONS` that have labelled posts.

    Args:
        judged: M posts.
        task: whose labels.
        calibration: applied first, since noise can change the most probable class.
    """
    labels = judged.labels(task)
    predicted = probabilities(judged, task, calibration).argmax(axis=1)  # [M]
    position = judged.position + 1  # [M]
    slices = []
    for first, last in POSITIONS:
        own = (labels != NO_LABEL) & (position >= first)  # [M]
        if last is not None:
            own &= position <= last
        if own.any():
            values = measures(labels[own], predicted[own], len(CLASSES[task]))
            slices.append(
                PositionSlice(first=first, last=last, posts=int(own.sum()), measures=values)
            )
    return slices


def by_name(
    judged: Judged, names: Sequence[str], task: Task, calibration: Calibration
) -> list[Part]:
    """Each part with at least `LEAST_POSTS_OF_A_PART` labelled posts, the best weighted F1 first.

    Args:
        judged: M posts.
        names: of the part that each post belongs to, M; "" for none.
        task: whose labels.
        calibration: applied first.
    """
    labels = judged.labels(task)
    predicted = probabilities(judged, task, calibration).argmax(axis=1)  # [M]
    part = np.array(names)  # [M]
    known = labels != NO_LABEL  # [M]
    counts = Counter(part[known].tolist())
    parts = []
    for name, posts in counts.items():
        if name and posts >= LEAST_POSTS_OF_A_PART:
            own = known & (part == name)  # [M]
            values = measures(labels[own], predicted[own], len(CLASSES[task]))
            parts.append(Part(name=name, posts=posts, measures=values))
    return sorted(parts, key=lambda own: -own.measures["weighted_f1"])


def by_removal(
    judged: Judged, without: Mapping[str, Judged], task: Task, calibration: Calibration
) -> list[Removal]:
    """What each modality gives.

    Args:
        judged: M posts with all modalities.
        without: modality -> the same posts, judged without it.
        task: whose labels.
        calibration: applied to both.

    Returns:
        The modalities that labelled posts have beside another one.
    """
    labels = judged.labels(task)
    classes = len(CLASSES[task])
    kept = probabilities(judged, task, calibration).argmax(axis=1)  # [M]
    several = (labels != NO_LABEL) & (judged.presence.sum(axis=1) > 1)  # [M]
    removals = []
    for column, modality in enumerate(MODALITIES):
        own = several & judged.presence[:, column]  # [M]
        if modality in without and own.any():
            removed = probabilities(without[modality], task, calibration).argmax(axis=1)  # [M]
            removals.append(
                Removal(
                    modality=modality,
                    posts=int(own.sum()),
                    kept=measures(labels[own], kept[own], classes),
                    removed=measures(labels[own], removed[own], classes),
                )
            )
    return removals
