"""CSMV: comments under short videos; a video is a conversation and its hashtag a group."""

from pathlib import Path
from typing import Final

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.training.corpus import SPLITS, Corpus, LabelledPost
from models.training.data.conversations import PlacedPost, by_conversation
from models.training.data.table import Row, classes, read_parquet, require_values

COLUMNS: Final = (
    "video_split",
    "video_id",
    "comment_idx",
    "hashtag",
    "text",
    "sentiment",
    "emotion",
)


def read_csmv(path: Path) -> Corpus:
    """The corpus, without text features.

    Args:
        path: parquet with video_split, video_id, comment_idx, hashtag, text, sentiment (the
            comment's opinion) and emotion; a blank label is no label. The column `split` is not
            read: it puts comments under one video into several splits.

    Returns:
        Videos as conversations, each whole in one split, comments by `comment_idx`.

    Raises:
        TrainingDataError: the file or a column is missing or a label unknown; names it.
    """
    rows = read_parquet(path, COLUMNS)
    require_values(path, rows, "video_split", SPLITS)
    return Corpus("CSMV", "CC BY-SA 4.0 (IEIT-AGI/MSA-CRVI)", by_conversation(map(_placed, rows)))


def _placed(row: Row) -> PlacedPost:
    post = LabelledPost(
        {},
        sentiment=row.label("sentiment", classes(SENTIMENTS)),
        emotion=row.label("emotion", classes(EMOTIONS)),
        text=row.cells["text"],
        group=row.cells["hashtag"],
    )
    place = row.whole_number("comment_idx")
    return PlacedPost(row.cells["video_split"], row.cells["video_id"], place, post)
