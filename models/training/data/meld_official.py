"""MELD in the files that its makers publish: three csv files in one folder, without audio.

Not for the one csv with audio measures beside it: that is `meld`.
"""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.errors import TrainingDataError
from models.training.corpus import Corpus, LabelledPost
from models.training.data.conversations import PlacedPost, by_conversation
from models.training.data.meld import LICENCE, NAME
from models.training.data.table import Row, classes, read_csv, require_once

FILES: Final = MappingProxyType(
    {"train": "train_sent_emo.csv", "dev": "dev_sent_emo.csv", "test": "test_sent_emo.csv"}
)
COLUMNS: Final = ("Utterance", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID")
_NAMES: Final = {"joy": "happy", "sadness": "sad", "anger": "angry"}
_EMOTIONS: Final = MappingProxyType(
    {
        name: EMOTIONS.index(_NAMES.get(name, name))
        for name in ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    }
)


def read_meld_official(folder: Path) -> Corpus:
    """The corpus, without text features.

    Args:
        folder: with train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv, columns
            Utterance, Emotion, Sentiment, Dialogue_ID, Utterance_ID; Speaker may be there.

    Returns:
        Conversations of the official splits, utterances in order.

    Raises:
        TrainingDataError: a file or column is missing, a label unknown or an utterance there twice;
            names it.
    """
    if not folder.is_dir():
        raise TrainingDataError(f"{folder} is no folder; it must hold {', '.join(FILES.values())}")
    return Corpus(NAME, LICENCE, by_conversation(_placed(folder)))


def _placed(folder: Path) -> Iterator[PlacedPost]:
    for split, name in FILES.items():
        rows = read_csv(folder / name, COLUMNS)
        require_once(rows, ("Dialogue_ID", "Utterance_ID"))
        for row in rows:
            place = row.whole_number("Utterance_ID")
            yield PlacedPost(split, row.cells["Dialogue_ID"], place, _post(row))


def _post(row: Row) -> LabelledPost:
    return LabelledPost(
        {},
        sentiment=row.label("Sentiment", classes(SENTIMENTS)),
        emotion=row.label("Emotion", _EMOTIONS),
        text=row.cells["Utterance"],
        author=row.cells.get("Speaker", ""),
    )
