"""GoEmotions: single Reddit comments, each a conversation of its own."""

from pathlib import Path
from typing import Final

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.training.corpus import SPLITS, Corpus, LabelledPost
from models.training.data.conversations import PlacedPost, by_conversation
from models.training.data.table import Row, classes, read_parquet, require_once, require_values

COLUMNS: Final = ("split", "id", "text", "emotion_single", "sentiment_single")


def read_goemotions(path: Path) -> Corpus:
    """The corpus, without text features.

    Args:
        path: parquet with split, id, text, emotion_single and sentiment_single: the emotion and
            the sentiment where raters agreed on one, else blank, which is no label.

    Returns:
        Conversations of one post in the official splits.

    Raises:
        TrainingDataError: the file or a column is missing, a label unknown or a comment there
            twice; names it.
    """
    rows = read_parquet(path, COLUMNS)
    require_values(path, rows, "split", SPLITS)
    require_once(rows, ("split", "id"))
    splits = by_conversation(
        PlacedPost(row.cells["split"], row.cells["id"], 0, _post(row)) for row in rows
    )
    return Corpus("GoEmotions", "Apache-2.0 (google-research/goemotions)", splits)


def _post(row: Row) -> LabelledPost:
    return LabelledPost(
        {},
        sentiment=row.label("sentiment_single", classes(SENTIMENTS)),
        emotion=row.label("emotion_single", classes(EMOTIONS)),
        text=row.cells["text"],
    )
