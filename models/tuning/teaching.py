"""A trained teacher writes what it says of the posts that a student learns from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.device import DeviceName, choose_device
from models.errors import CheckpointError
from models.evaluation.judged import judge
from models.systems.folder import load_system
from models.training.config import DataSource
from models.training.sources import read_source
from models.tuning.distillation import post_keys, save_teacher
from models.tuning.learner import text_preparer

_SPLITS = ("train", "dev")


def write_teacher(
    folder: Path, sources: Sequence[DataSource], out: Path, device: DeviceName = "auto"
) -> int:
    """Write a teacher's logits for the splits train and dev of data sets.

    Args:
        folder: a tuned encoder without the network, as a training run wrote it.
        sources: with paths.
        out: file that `tuning.teachers` can name.
        device: where it scores.

    Returns:
        How many posts it holds; the same texts in the same conversation are one.

    Raises:
        CheckpointError: the folder holds another kind of system.
        TrainingDataError: a file is not what its reader needs.
    """
    loaded = load_system(folder)
    if loaded.tuning is None:
        raise CheckpointError(
            f"{folder} holds no teacher: train one with tuning.network = false, as the "
            "configuration meld-large does"
        )
    loaded.system.to(choose_device(device))
    prepare = text_preparer(loaded.tuning.model_copy(update={"teachers": ()}))
    rows: dict[bytes, NDArray[np.float32]] = {}
    for source in sources:
        texts = read_source(source)
        read = prepare(texts)
        for split in _SPLITS:
            judged = judge(loaded.system, read.splits[split])
            logits = np.concatenate((judged.sentiment_logits, judged.emotion_logits), axis=1)
            keys = [
                key
                for posts in texts.splits[split]
                for key in post_keys([post.text for post in posts])
            ]
            rows |= dict(zip(keys, logits, strict=True))  # [10] each
    save_teacher(out, rows)
    return len(rows)
