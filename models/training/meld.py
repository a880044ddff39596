"""Reading MELD: utterances of dialogues with sentiment, emotion and eight audio measures.

Not for fetching it: the csv and the npz come from the user. MELD has no visual features here.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.errors import TrainingDataError
from models.training.corpus import (
    Corpus,
    LabelledPost,
    Tensors,
    feature_statistics,
    fill_missing,
)
from models.training.text_features import TextFeatures

COLUMNS: Final = ("split", "dialogue_id", "utterance_id", "text", "sentiment", "emotion")
SPLITS: Final = ("train", "dev", "test")
_AUDIO_ARRAY: Final = "audio8"


def read_meld(csv_path: Path, audio_path: Path | None, text: TextFeatures) -> Corpus:
    """The corpus with text features, and audio where given.

    Args:
        csv_path: columns split, dialogue_id, utterance_id, text, sentiment, emotion; a blank
            label is no label.
        audio_path: npz with `audio8` [rows, 8], row i belongs to row i of the csv. A row of NaN
            alone is no audio; another NaN becomes the training split's mean.
        text: where token vectors come from.

    Returns:
        Conversations of the official splits, utterances in order.

    Raises:
        TrainingDataError: a column, split or array is missing, or a label is unknown; names it.
    """
    rows = _read_rows(csv_path)
    audio = None if audio_path is None else _read_audio(audio_path, len(rows))
    tokens = text.of([row["text"] for row in rows])
    dialogues: dict[tuple[str, str], list[tuple[int, LabelledPost]]] = {}
    for index, row in enumerate(rows):
        features: dict[str, Tensors] = {"text": tokens[index]}
        if audio is not None and not np.isnan(audio[index]).all():
            features["audio"] = audio[index][None, :]  # [1, 8]
        post = LabelledPost(
            features,
            _label(row, "sentiment", SENTIMENTS, index),
            _label(row, "emotion", EMOTIONS, index),
        )
        place = _number(row, "utterance_id", index)
        dialogues.setdefault((row["split"], row["dialogue_id"]), []).append((place, post))
    splits: dict[str, list[list[LabelledPost]]] = {name: [] for name in SPLITS}
    for (split, _), posts in dialogues.items():
        splits[split].append([post for _, post in sorted(posts, key=lambda pair: pair[0])])
    return Corpus("MELD", "GPL-3.0 (declare-lab/MELD)", _without_nan(splits))


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise TrainingDataError(
                    f"{path}: no column {', '.join(missing)}; "
                    f"found {', '.join(reader.fieldnames or ()) or 'none'}"
                )
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingDataError(f"{path} cannot be read as a csv: {error}") from error
    unknown = sorted({row["split"] for row in rows} - set(SPLITS))
    absent = sorted(set(SPLITS) - {row["split"] for row in rows})
    if unknown or absent:
        raise TrainingDataError(
            f"{path}: column split must hold {', '.join(SPLITS)}; "
            f"unknown: {unknown or 'none'}, missing: {absent or 'none'}"
        )
    return rows


def _read_audio(path: Path, rows: int) -> NDArray[np.float32]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if _AUDIO_ARRAY not in arrays:
                raise TrainingDataError(f"{path}: no array {_AUDIO_ARRAY}; found {arrays.files}")
            audio: NDArray[np.float32] = arrays[_AUDIO_ARRAY].astype(np.float32)
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"{path} cannot be read as an npz: {error}") from error
    wanted = (rows, DEFAULT.widths["audio"])
    if audio.shape != wanted:
        raise TrainingDataError(
            f"{path}: {_AUDIO_ARRAY} must be {list(wanted)}, not {list(audio.shape)}"
        )
    return audio


def _label(row: Mapping[str, str], column: str, known: Sequence[str], index: int) -> int:
    label = row[column]
    if label in known:
        return known.index(label)
    if not label:
        return -1
    raise TrainingDataError(f"row {index}: unknown {column} {label!r}; known: {', '.join(known)}")


def _number(row: Mapping[str, str], column: str, index: int) -> int:
    try:
        return int(row[column])
    except ValueError as error:
        raise TrainingDataError(f"row {index}: {column} {row[column]!r} is no number") from error


def _without_nan(
    splits: dict[str, list[list[LabelledPost]]],
) -> dict[str, list[list[LabelledPost]]]:
    statistics = feature_statistics(splits["train"], "audio")
    if statistics is None:
        return splits
    return {name: fill_missing(posts, "audio", statistics[0]) for name, posts in splits.items()}
