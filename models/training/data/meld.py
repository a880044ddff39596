"""MELD in one csv: utterances of dialogues with sentiment, emotion and eight audio measures.

Not for the files as MELD's makers publish them: that is `meld_official`.
"""

from pathlib import Path
from typing import Final

import numpy as np

from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.errors import TrainingDataError
from models.training.corpus import (
    SPLITS,
    Corpus,
    LabelledPost,
    Tensors,
    feature_statistics,
    fill_missing,
)
from models.training.data.arrays import read_arrays
from models.training.data.conversations import PlacedPost, by_conversation
from models.training.data.table import Row, classes, read_csv, require_once, require_values

NAME: Final = "MELD"
LICENCE: Final = "GPL-3.0 (declare-lab/MELD)"
COLUMNS: Final = ("split", "dialogue_id", "utterance_id", "text", "sentiment", "emotion")
AUDIO_ARRAY: Final = "audio8"


def read_meld(csv_path: Path, audio_path: Path | None = None) -> Corpus:
    """The corpus, with audio where given and without text features.

    Args:
        csv_path: columns split, dialogue_id, utterance_id, text, sentiment, emotion, and
            speaker where there is one; a blank label is no label.
        audio_path: npz with `audio8` [rows, 8], row i belongs to row i of the csv. A row of NaN
            alone is no audio; another NaN becomes the training split's mean.

    Returns:
        Conversations of the official splits, utterances in order.

    Raises:
        TrainingDataError: a file, column, split or array is missing, a label unknown, an utterance
            there twice, or an audio measure missing in all of the training split; names it.
    """
    rows = read_csv(csv_path, COLUMNS)
    require_values(csv_path, rows, "split", SPLITS)
    require_once(rows, ("split", "dialogue_id", "utterance_id"))
    features: list[dict[str, Tensors]] = [{} for _ in rows]
    if audio_path is not None:
        widths = {AUDIO_ARRAY: DEFAULT.widths["audio"]}
        audio = read_arrays(audio_path, widths, len(rows), gaps=True)[AUDIO_ARRAY]
        in_train = [row.cells["split"] == "train" for row in rows]
        unmeasured = np.flatnonzero(np.isnan(audio[in_train]).all(axis=0)).tolist()
        if unmeasured:
            raise TrainingDataError(
                f"{audio_path}: columns {unmeasured} of {AUDIO_ARRAY} are NaN in every row of the "
                "split train, so that nothing can fill their gaps"
            )
        for own, measures in zip(features, audio, strict=True):
            if not np.isnan(measures).all():
                own["audio"] = measures[None, :]  # [1, 8]
    splits = by_conversation(_placed(row, own) for row, own in zip(rows, features, strict=True))
    statistics = feature_statistics(splits["train"], "audio")
    if statistics is None:
        return Corpus(NAME, LICENCE, splits)
    filled = {name: fill_missing(own, "audio", statistics[0]) for name, own in splits.items()}
    return Corpus(NAME, LICENCE, filled)


def _placed(row: Row, features: dict[str, Tensors]) -> PlacedPost:
    post = LabelledPost(
        features,
        sentiment=row.label("sentiment", classes(SENTIMENTS)),
        emotion=row.label("emotion", classes(EMOTIONS)),
        text=row.cells["text"],
        author=row.cells.get("speaker", ""),
    )
    place = row.whole_number("utterance_id")
    return PlacedPost(row.cells["split"], row.cells["dialogue_id"], place, post)
