"""Judging a system on a split of a corpus, from its logits to every figure of the report."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from models.calibration import Calibration, TaskCalibration, apply
from models.card import TASKS
from models.errors import TrainingDataError
from models.evaluation.calibration import fit_calibration
from models.evaluation.intervals import f1_intervals
from models.evaluation.judged import CLASSES, Judged, Task, judge
from models.evaluation.metrics import confusion, measures, measures_by_class
from models.evaluation.reliability import (
    Labels,
    Probabilities,
    brier_score,
    calibration_error_by_chance,
    classwise_calibration_errors,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_curve,
)
from models.evaluation.report import (
    CHECKPOINT,
    REFITTED,
    UNCALIBRATED,
    ClassFigures,
    DataReport,
    Reliability,
    TaskReport,
)
from models.evaluation.slices import by_name, by_position, by_removal, probabilities
from models.systems.base import System
from models.training.corpus import NO_LABEL, Conversation, Corpus

NEUTRAL: Final = "neutral"


def evaluate(
    system: System,
    corpus: Corpus,
    split: str,
    calibration: Calibration | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    tasks: Sequence[Task] = TASKS,
) -> DataReport:
    """Judge a system.

    Args:
        system: that reads the corpus's widths; put into evaluation mode.
        corpus: with text features.
        split: `dev` or `test`; of `train` only the most frequent classes are read. Where test is
            judged, dev is too, to fit a calibration on it.
        calibration: that the checkpoint carries; None: none.
        progress: called with (passes done, passes in all).
        tasks: that it was trained for; what it says of another one means nothing.

    Raises:
        TrainingDataError: the widths differ, the split is empty, or none of its posts has a label
            of the tasks.
    """
    require_fit(system, corpus, split)
    conversations = corpus.splits[split]
    labelled = _labelled_tasks(conversations, tasks)
    if not labelled:
        raise TrainingDataError(
            f"no post of the split {split} of {corpus.name} has a label for {' or '.join(tasks)}, "
            "which is what the checkpoint was trained for"
        )
    several = _several(conversations)
    passes = 1 + len(several) + (split != "dev" and bool(corpus.splits.get("dev")))
    progress(0, passes)
    judged = judge(system, conversations)
    progress(1, passes)
    without = {}
    for done, modality in enumerate(several, start=2):
        others = [name for name in MODALITIES if name != modality]
        without[modality] = judge(system, conversations, others)
        progress(done, passes)
    calibrations = {UNCALIBRATED: Calibration()}
    if calibration is not None:
        calibrations[CHECKPOINT] = calibration
    if split != "dev" and corpus.splits.get("dev"):
        calibrations[REFITTED] = fit_calibration(judge(system, corpus.splits["dev"]))
        progress(passes, passes)
    train = [post for own in corpus.splits.get("train", ()) for post in own]
    seen: Mapping[Task, Labels] = {
        task: np.array([getattr(post, task) for post in train], np.int64) for task in labelled
    }
    return DataReport(
        name=corpus.name,
        licence=corpus.licence,
        split=split,
        conversations=len(conversations),
        posts=len(judged.position),
        modalities=dict(zip(MODALITIES, judged.presence.sum(axis=0).tolist(), strict=True)),
        tasks={
            task: _judge_task(judged, without, task, calibrations, own)
            for task, own in seen.items()
        },
    )


def require_fit(system: System, corpus: Corpus, split: str) -> None:
    """See to it that a system can read a split.

    Args:
        system: whose input widths are compared with the corpus's.
        corpus: with text features, or as wide as it will be with them.
        split: that must have conversations.

    Raises:
        TrainingDataError: the widths differ or the split is empty; says which.
    """
    if not corpus.splits.get(split):
        raise TrainingDataError(f"{corpus.name} has no posts in its split {split}")
    posts = [post for own in corpus.splits[split] for post in own]
    present = {name for post in posts for name in post.features}
    if any(post.text for post in posts):
        present.add("text")
    for modality, reads, gives in zip(MODALITIES, system.config.widths, corpus.widths, strict=True):
        if modality in present and reads != gives:
            raise TrainingDataError(
                f"the checkpoint reads {modality} of {reads} numbers a step, but {corpus.name} "
                f"gives {gives}; evaluate it on data in the form it was trained on"
            )


def _labelled_tasks(conversations: Sequence[Conversation], tasks: Sequence[Task]) -> list[Task]:
    """Those of the tasks that a post has a label for."""
    posts = [post for own in conversations for post in own]
    return [task for task in tasks if any(getattr(post, task) != NO_LABEL for post in posts)]


def _several(conversations: Sequence[Conversation]) -> list[str]:
    """Modalities that a post has beside another one."""
    present = [
        {name for name in MODALITIES if post.has(name)} for own in conversations for post in own
    ]
    return [name for name in MODALITIES if any(name in own and len(own) > 1 for own in present)]


def _judge_task(
    judged: Judged,
    without: Mapping[str, Judged],
    task: Task,
    calibrations: Mapping[str, Calibration],
    seen: Labels,
) -> TaskReport:
    used = calibrations.get(CHECKPOINT, calibrations[UNCALIBRATED])
    known = judged.labels(task) != NO_LABEL  # [M]
    labels = judged.labels(task)[known]
    probs = probabilities(judged, task, used)[known]
    predicted = probs.argmax(axis=1)
    classes = len(CLASSES[task])
    conversation = judged.conversation[known]
    return TaskReport(
        posts=len(labels),
        measures=measures(labels, predicted, classes),
        intervals=f1_intervals(labels, predicted, conversation, classes),
        majority=_majority(seen[seen != NO_LABEL], labels, classes),
        classes=_classes(probs, labels, CLASSES[task]),
        confusion=confusion(labels, predicted, classes).tolist(),
        reliability={
            name: reliability_of(
                judged.logits(task)[known],
                labels,
                own.sentiment if task == "sentiment" else own.emotion,
                CLASSES[task],
            )
            for name, own in calibrations.items()
        },
        positions=by_position(judged, task, used),
        groups=by_name(judged, judged.group, task, used),
        authors=by_name(judged, judged.author, task, used),
        removals=by_removal(judged, without, task, used),
    )


def reliability_of(
    logits: NDArray[np.float32], labels: Labels, calibration: TaskCalibration, names: Sequence[str]
) -> Reliability:
    """Reliability of calibrated logits.

    Args:
        logits: [M, C].
        labels: [M], all known.
        calibration: applied first.
        names: of the classes, neutral among them.
    """
    probs = apply(logits, calibration)  # [M, C]
    neutral = names.index(NEUTRAL)
    errors = classwise_calibration_errors(probs, labels).tolist()
    return Reliability(
        calibration=calibration,
        expected_calibration_error=expected_calibration_error(probs, labels),
        by_chance=calibration_error_by_chance(probs),
        classwise=dict(zip(names, errors, strict=True)),
        brier=brier_score(probs, labels),
        negative_log_likelihood=negative_log_likelihood(probs, labels),
        curve=reliability_curve(probs.max(axis=1), probs.argmax(axis=1) == labels),
        neutral_curve=reliability_curve(probs[:, neutral], labels == neutral),
    )


def _majority(seen: Labels, labels: Labels, classes: int) -> dict[str, float] | None:
    if not len(seen):
        return None
    guess = np.bincount(seen, minlength=classes).argmax()
    return measures(labels, np.full(len(labels), guess), classes)


def _classes(probs: Probabilities, labels: Labels, names: Sequence[str]) -> list[ClassFigures]:
    predicted = probs.argmax(axis=1)
    own = measures_by_class(confusion(labels, predicted, len(names)))
    return [
        ClassFigures(
            name=name,
            precision=float(own.precision[column]),
            recall=float(own.recall[column]),
            f1=float(own.f1[column]),
            support=int(own.support[column]),
            predicted=int((predicted == column).sum()),
            mean_probability=float(probs[:, column].mean()),
        )
        for column, name in enumerate(names)
    ]
