"""Judging a network on labelled conversations, and the majority class to hold it against."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.evaluation.metrics import measures
from models.tmsam import Tmsam
from models.training.batches import Batch, make_batch, run, with_only
from models.training.corpus import NO_LABEL, Conversation

TASKS: Final = {"sentiment": len(SENTIMENTS), "emotion": len(EMOTIONS)}
_CONVERSATIONS_A_BATCH: Final = 64

TaskMeasures = dict[str, dict[str, float]]


def evaluate(
    network: Tmsam, conversations: Sequence[Conversation], modalities: Sequence[str]
) -> TaskMeasures:
    """Measures of both tasks.

    Args:
        network: put into evaluation mode.
        conversations: whole; a two-way network sees later posts too.
        modalities: those that it may use.

    Returns:
        task -> measure -> value; a task without labels is left out.
    """
    network.eval()
    truth: dict[str, list[int]] = {task: [] for task in TASKS}
    predicted: dict[str, list[int]] = {task: [] for task in TASKS}
    by_length = sorted(conversations, key=len)
    for start in range(0, len(by_length), _CONVERSATIONS_A_BATCH):
        batch = make_batch(by_length[start : start + _CONVERSATIONS_A_BATCH])
        _judge(network, with_only(batch, modalities), truth, predicted)
    return {
        task: measures(truth[task], predicted[task], classes)
        for task, classes in TASKS.items()
        if truth[task]
    }


def majority(train: Sequence[Conversation], judged: Sequence[Conversation]) -> TaskMeasures:
    """Measures of always answering the training split's most frequent class."""
    outcome = {}
    for task, classes in TASKS.items():
        seen = _labels(train, task)
        truth = _labels(judged, task)
        if seen and truth:
            guess = int(np.bincount(seen, minlength=classes).argmax())
            outcome[task] = measures(truth, [guess] * len(truth), classes)
    return outcome


def _judge(
    network: Tmsam, batch: Batch, truth: dict[str, list[int]], predicted: dict[str, list[int]]
) -> None:
    with torch.inference_mode():
        logits = network.classify(run(network, batch).fusion)
    for task, scores, labels in (
        ("sentiment", logits.sentiment, batch.sentiment),
        ("emotion", logits.emotion, batch.emotion),
    ):
        known = labels != NO_LABEL  # [B, N]
        truth[task].extend(labels[known].tolist())
        predicted[task].extend(scores.argmax(dim=-1)[known].tolist())


def _labels(conversations: Sequence[Conversation], task: str) -> list[int]:
    labels = [getattr(post, task) for posts in conversations for post in posts]
    return [label for label in labels if label != NO_LABEL]
