"""The figures of a system on a split, as `report.json` holds them.

Not for measuring them (`evaluate`) or telling them (`page`).
"""

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from models.calibration import TaskCalibration
from models.evaluation.intervals import Interval
from models.evaluation.judged import Task
from models.evaluation.reliability import ReliabilityBin
from models.evaluation.slices import Part, PositionSlice, Removal

UNCALIBRATED: Final = "uncalibrated"
CHECKPOINT: Final = "checkpoint"
REFITTED: Final = "fitted on dev"
_FROZEN: Final = ConfigDict(frozen=True, extra="forbid")


class ClassFigures(BaseModel):
    """One class.

    Attributes:
        support: posts that truly are of it.
        predicted: posts for which it is the most probable one.
        mean_probability: over all posts; beside support / posts it tells whether the class is
            over- or undersold on the whole.
    """

    model_config = _FROZEN

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    mean_probability: float


class Reliability(BaseModel):
    """How far probabilities mean what they say.

    Attributes:
        calibration: applied before.
        expected_calibration_error: of the most probable class, 15 bins of equal width.
        by_chance: that error where these probabilities were all true; see `reliability`.
        classwise: class -> calibration error of its own probability.
        brier: in [0, 2].
        negative_log_likelihood: natural logarithm.
        curve: of the most probable class.
        neutral_curve: of the probability of neutral.
    """

    model_config = _FROZEN

    calibration: TaskCalibration
    expected_calibration_error: float
    by_chance: float
    classwise: dict[str, float]
    brier: float
    negative_log_likelihood: float
    curve: list[ReliabilityBin]
    neutral_curve: list[ReliabilityBin]

    @property
    def classwise_mean(self) -> float:
        """Mean of the classes' calibration errors (Kull et al. 2019)."""
        return float(np.mean(list(self.classwise.values())))


class TaskReport(BaseModel):
    """One task.

    Attributes:
        posts: with a label.
        measures: as `metrics.measures`, with the checkpoint's calibration, as all but
            `reliability`.
        intervals: of the F1 measures, 95 %, over conversations.
        majority: measures of always answering the training split's most frequent class; None
            where that has no labels.
        confusion: posts; true class by row, predicted by column.
        reliability: `uncalibrated`, `checkpoint` where it carries a calibration, and
            `fitted on dev` where another split was judged -> reliability with that calibration.
        positions: slices with labelled posts.
        groups: what the data sort posts by, such as hashtags; see `slices.by_name`.
        authors: likewise.
        removals: modalities that posts have beside another one.
    """

    model_config = _FROZEN

    posts: int
    measures: dict[str, float]
    intervals: dict[str, Interval]
    majority: dict[str, float] | None
    classes: list[ClassFigures]
    confusion: list[list[int]]
    reliability: dict[str, Reliability]
    positions: list[PositionSlice]
    groups: list[Part] = []
    authors: list[Part] = []
    removals: list[Removal]

    @property
    def used(self) -> Reliability:
        """Reliability of the probabilities that the checkpoint gives."""
        return self.reliability.get(CHECKPOINT, self.reliability[UNCALIBRATED])


class DataReport(BaseModel):
    """A system on a split of one data set; a task without labels is left out.

    Attributes:
        name: of the data.
        licence: of the data.
        modalities: modality -> posts that have it.
    """

    model_config = _FROZEN

    name: str
    licence: str
    split: str
    conversations: int
    posts: int
    modalities: dict[str, int]
    tasks: dict[Task, TaskReport]


class EvaluationReport(BaseModel):
    """A checkpoint on one or more data sets.

    Attributes:
        checkpoint: folder that was read.
        created: ISO 8601 in UTC.
    """

    model_config = _FROZEN

    model_version: str
    checkpoint: str
    data: list[DataReport]
    created: str
