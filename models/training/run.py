"""A whole training run on MELD: read, train, judge once, write the checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from connectors.schemas.labels import MODALITIES
from models.checkpoint import CheckpointCard, TrainingRecord, load_checkpoint, save_checkpoint
from models.tmsam import Tmsam
from models.training.corpus import Corpus
from models.training.evaluation import TaskMeasures, evaluate, majority
from models.training.loop import EpochReport, train_network
from models.training.settings import TrainingSettings

NOTES: Final = (
    "No visual data: the visual branch was fed random features in a share of the conversations.",
    "So the network learns to ignore it; it says nothing about video.",
    "test was scored once, after every choice had been made on dev.",
    "The measures named *_text_only were measured with audio taken away, as most posts come.",
    "Audio is one step of eight measures an utterance (audio8).",
)


def train_checkpoint(
    corpus: Corpus,
    settings: TrainingSettings,
    folder: Path,
    report: Callable[[EpochReport], None] = lambda _: None,
) -> CheckpointCard:
    """Train on a corpus and write a checkpoint with the measures of its rounded weights.

    Args:
        corpus: with the splits train, dev and test.
        settings: of the run.
        folder: where the checkpoint goes.
        report: called after each epoch.

    Returns:
        The card as written.
    """
    network = train_network(corpus, settings, report)
    return write_judged(corpus, settings, network, folder)


def write_judged(
    corpus: Corpus, settings: TrainingSettings, network: Tmsam, folder: Path
) -> CheckpointCard:
    """Round a network's weights as a checkpoint stores them, judge it, and write it.

    Args:
        corpus: with the splits train, dev and test.
        settings: it was trained with.
        network: changed in place: its weights are rounded to float16.
        folder: where the checkpoint goes.

    Returns:
        The card as written.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    record = TrainingRecord(
        data=corpus.name,
        licence=corpus.licence,
        seed=settings.seed,
        settings=settings.model_dump(exclude={"seed", "preset"}),
        notes=list(NOTES),
    )
    version = f"tmsam-{settings.preset}-{corpus.name.lower()}-1"
    card = save_checkpoint(folder, network, version, record, judge(corpus, network))
    load_checkpoint(folder)
    return card


def judge(corpus: Corpus, network: Tmsam) -> dict[str, TaskMeasures]:
    """Measures on dev and test, with all modalities, with text alone, and of the majority."""
    metrics: dict[str, TaskMeasures] = {}
    for split in ("dev", "test"):
        posts = corpus.splits[split]
        metrics[split] = evaluate(network, posts, MODALITIES)
        metrics[f"{split}_text_only"] = evaluate(network, posts, ("text",))
        metrics[f"{split}_majority"] = majority(corpus.splits["train"], posts)
    return metrics
