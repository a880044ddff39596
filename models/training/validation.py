"""How good a system is on the dev split: what early stopping looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from connectors.schemas.labels import MODALITIES
from models.calibration import Calibration
from models.evaluation.judged import Judged, judge
from models.evaluation.metrics import measures
from models.evaluation.reliability import expected_calibration_error
from models.evaluation.slices import probabilities
from models.systems import System
from models.training.config import Task, ValidationConfig
from models.training.corpus import NO_LABEL, Conversation
from models.training.loss import CLASSES
from models.training.sources import Source

TaskMeasures = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Validation:
    """How an epoch did on dev.

    Attributes:
        score: higher is better.
        measures: what it is made of, `source/modalities/task` -> measure -> value.
    """

    score: float
    measures: Mapping[str, Mapping[str, float]]


def validate(
    system: System, sources: Sequence[Source], tasks: Sequence[Task], settings: ValidationConfig
) -> Validation:
    """Judge a system on the dev splits.

    Args:
        system: put into evaluation mode.
        sources: all of them are judged; which decide is for the settings.
        tasks: that count.
        settings: the measure, and whose.

    Returns:
        The measure averaged over the tasks with labels, then over all modalities and text alone
        where posts have more than text, then over the sources that decide.
    """
    told: dict[str, Mapping[str, float]] = {}
    scores = []
    for source in sources:
        dev = source.corpus.splits["dev"]
        ways: dict[str, Sequence[str]] = {"all": MODALITIES}
        if settings.text_alone and has_more_than_text(dev):
            ways["text"] = ("text",)
        outcomes = {way: task_measures(judge(system, dev, own), tasks) for way, own in ways.items()}
        for way, outcome in outcomes.items():
            told |= {f"{source.name}/{way}/{task}": own for task, own in outcome.items()}
        means = [
            np.mean([own[settings.measure] for own in outcome.values()])
            for outcome in outcomes.values()
            if outcome
        ]
        if means and settings.source in (None, source.name):
            scores.append(np.mean(means))
    return Validation(float(np.mean(scores)), told)


def task_measures(
    judged: Judged, tasks: Sequence[Task], calibration: Calibration | None = None
) -> TaskMeasures:
    """Measures of a judged split.

    Args:
        judged: posts with labels.
        tasks: that count; a task without labels is left out.
        calibration: applied before, since it can change an answer, and then judged too.

    Returns:
        Task -> measure -> value, see `models.evaluation.metrics`; with a calibration also
        `expected_calibration_error`.
    """
    outcome = {}
    for task in tasks:
        truth = judged.labels(task)  # [M]
        known = truth != NO_LABEL  # [M]
        if known.any():
            probs = probabilities(judged, task, calibration or Calibration())[known]  # [K, C]
            own = measures(truth[known], probs.argmax(axis=1), CLASSES[task])
            if calibration is not None:
                own["expected_calibration_error"] = expected_calibration_error(probs, truth[known])
            outcome[str(task)] = own
    return outcome


def majority_measures(
    train: Sequence[Conversation], judged: Judged, tasks: Sequence[Task]
) -> TaskMeasures:
    """Measures of always answering the training split's most frequent class."""
    outcome = {}
    for task in tasks:
        seen = [getattr(post, task) for posts in train for post in posts]
        counts = np.bincount([own for own in seen if own != NO_LABEL], minlength=CLASSES[task])
        truth = judged.labels(task)  # [M]
        truth = truth[truth != NO_LABEL]
        if counts.any() and len(truth):
            guesses = np.full(len(truth), counts.argmax())
            outcome[str(task)] = measures(truth, guesses, CLASSES[task])
    return outcome


def has_more_than_text(conversations: Sequence[Conversation]) -> bool:
    """Whether a post with a text has another modality too."""
    return any(
        post.has("text") and bool(set(post.features) - {"text"})
        for posts in conversations
        for post in posts
    )
