"""Labelled comments from a parquet file in the layout of CSMV. Not for their times: `timeline`.

A row is a comment; a video is a conversation and the comment's hashtag a track.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.schemas.labels import SENTIMENTS

COLUMNS: Final = {
    "comment_key": "string",
    "video_id": "string",
    "hashtag": "string",
    "text": "string",
    "opinion": "string",
    "video_unix_from_id": "integer",
    "video_split": "string",
}


class CommentFileError(Exception):
    """The file cannot be replayed; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Attributes:
        post_id: unique in the file.
        conversation_id: its video.
        track: its hashtag.
        video_at: when the video was posted, Unix seconds; 0 where that is not known.
        opinion: its label, one of `labels.SENTIMENTS`; None where it has none.
    """

    post_id: str
    conversation_id: str
    track: str
    text: str
    video_at: int
    opinion: str | None


def read_comments(path: Path, splits: Sequence[str]) -> list[Comment]:
    """The comments of some splits, by the time of their video, then in the order of the file.

    Args:
        path: a parquet file with the columns of `COLUMNS`; others are ignored.
        splits: values of `video_split` to take.

    Raises:
        CommentFileError: no such file, no parquet, a column is missing or of another type, a key
            comes twice, an opinion is unknown, or no comment is in the splits.
    """
    rows = [row for row in _rows(path) if row["video_split"] in splits]
    if not rows:
        raise CommentFileError(f"{path} has no comment with video_split {' or '.join(splits)}")
    comments = [_comment(path, row) for row in rows]
    if len({comment.post_id for comment in comments}) < len(comments):
        raise CommentFileError(f"{path}: a comment_key comes twice; each must be unique")
    # by video as well, so that videos of one second do not mix
    return sorted(comments, key=lambda comment: (comment.video_at, comment.conversation_id))


def first_videos(comments: Iterable[Comment], limit: int | None) -> list[Comment]:
    """Whole videos from the beginning while at most `limit` comments are taken; None takes all.

    The first video is always taken.
    """
    taken: list[Comment] = []
    for _, video in groupby(comments, key=lambda comment: comment.conversation_id):
        more = list(video)
        if limit is not None and taken and len(taken) + len(more) > limit:
            break
        taken.extend(more)
    return taken


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise CommentFileError(f"no file {path}; give a parquet file of labelled comments")
    try:
        schema = pq.read_schema(path)
        _check(path, schema)
        rows: list[dict[str, Any]] = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    except pa.ArrowInvalid as error:
        raise CommentFileError(f"{path} is no parquet file: {error}") from error
    return rows


def _check(path: Path, schema: pa.Schema) -> None:
    missing = [name for name in COLUMNS if name not in schema.names]
    if missing:
        raise CommentFileError(
            f"{path} has no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}"
        )
    for name, wanted in COLUMNS.items():
        found = schema.field(name).type
        if _kind(found) != wanted:
            raise CommentFileError(f"{path}: column {name} is {found}; it must be {wanted}")


def _kind(found: pa.DataType) -> str:
    if pa.types.is_integer(found):
        return "integer"
    text = pa.types.is_string(found) or pa.types.is_large_string(found)
    return "string" if text else str(found)


def _comment(path: Path, row: dict[str, Any]) -> Comment:
    empty = [name for name in COLUMNS if row[name] is None and name != "opinion"]
    if empty:
        raise CommentFileError(f"{path}: comment {row['comment_key']} has no {', '.join(empty)}")
    if row["opinion"] not in {*SENTIMENTS, None}:
        raise CommentFileError(
            f"{path}: comment {row['comment_key']} has opinion {row['opinion']!r}; "
            f"known are {', '.join(SENTIMENTS)}, or none"
        )
    return Comment(
        post_id=row["comment_key"],
        conversation_id=row["video_id"],
        track=row["hashtag"],
        text=row["text"],
        video_at=max(0, row["video_unix_from_id"]),
        opinion=row["opinion"],
    )
