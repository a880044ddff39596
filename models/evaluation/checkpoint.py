"""Judging a checkpoint on files of labelled data: reading them, text features, every figure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache as once
from functools import partial
from pathlib import Path
from typing import Literal

from models.calibration import Calibration
from models.device import DeviceName, choose_device
from models.evaluation.evaluate import evaluate, require_fit
from models.evaluation.report import EvaluationReport
from models.systems.folder import LoadedSystem, load_system
from models.text_encoder import load_base_encoder, load_written_encoder
from models.training.config import DataSource
from models.training.corpus import Corpus
from models.training.featurise import Progress, featuriser
from models.training.sources import read_source
from models.training.text_features import Encoder
from models.tuning.learner import text_preparer


def evaluate_checkpoint(
    folder: Path,
    sources: Sequence[DataSource],
    split: Literal["dev", "test"],
    device: DeviceName,
    cache: Path,
    progress: Progress,
) -> EvaluationReport:
    """Judge a checkpoint or a trained baseline.

    Args:
        folder: as a training run wrote it.
        sources: with paths; at least one.
        split: of each.
        device: where the system scores.
        cache: folder where text features are kept.
        progress: told how it goes.

    Raises:
        CheckpointError: the folder holds no trained system.
        TrainingDataError: a file is not what its reader needs, or not what the system reads.
        ModelError: the device is not there.
    """
    loaded = load_system(folder)
    system = loaded.system
    system.to(choose_device(device))
    encoder = once(partial(_encoder_of, folder, loaded))
    featurise = (
        featuriser(cache, progress, encoder, trees=loaded.reads_dependencies)
        if loaded.tuning is None
        else text_preparer(loaded.tuning.model_copy(update={"teachers": ()}))
    )
    reports = []
    for source in sources:
        corpus = read_source(source)
        read = {"dev", split} & set(corpus.splits)
        judged = replace(corpus, splits={name: corpus.splits[name] for name in sorted(read)})
        if loaded.tuning is None:
            require_fit(system, _with_encoded_width(judged, encoder), split)
        whole = featurise(judged)
        unread = {name: own for name, own in corpus.splits.items() if name not in read}
        reports.append(
            evaluate(
                system,
                replace(whole, splits={**unread, **whole.splits}),
                split,
                None if loaded.calibration == Calibration() else loaded.calibration,
                partial(progress, f"judging {source.name}"),
                loaded.tasks,
            )
        )
    return EvaluationReport(
        model_version=loaded.model_version,
        checkpoint=str(folder),
        data=reports,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _encoder_of(folder: Path, loaded: LoadedSystem) -> Encoder:
    if loaded.text_encoder is None:
        return load_base_encoder()
    return load_written_encoder(folder, loaded.text_encoder)


def _with_encoded_width(corpus: Corpus, encoder: Callable[[], Encoder]) -> Corpus:
    """The corpus as wide as text features will make it, told before thousands are made."""
    posts = [
        post for own in corpus.splits.values() for conversation in own for post in conversation
    ]
    if all("text" in post.features or not post.text for post in posts):
        return corpus
    width = encoder().encode(["a"])[0].shape[1]
    return replace(corpus, widths=(width, *corpus.widths[1:]))
