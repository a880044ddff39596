"""Reading labelled comments: what is taken, in which order, and what is refused."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stream_app.replay.comments import CommentFileError, first_videos, read_comments


def row(key: str, video: str = "v1", at: int = 100, **changes: object) -> dict[str, Any]:
    return {
        "comment_key": key,
        "video_id": video,
        "hashtag": "acme",
        "text": f"text of {key}",
        "opinion": "positive",
        "video_unix_from_id": at,
        "video_split": "test",
        **changes,
    }


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "comments.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def test_comments_come_by_the_time_of_their_video_then_in_file_order(tmp_path: Path) -> None:
    path = write(
        tmp_path, row("a", "late", 200), row("b", "early"), row("c", "late", 200), row("d", "early")
    )
    assert [comment.post_id for comment in read_comments(path, ["test"])] == ["b", "d", "a", "c"]


def test_videos_of_one_second_do_not_mix(tmp_path: Path) -> None:
    path = write(tmp_path, row("a", "v1"), row("b", "v2"), row("c", "v1"))
    assert [comment.post_id for comment in read_comments(path, ["test"])] == ["a", "c", "b"]


def test_only_the_splits_asked_for_are_taken(tmp_path: Path) -> None:
    path = write(tmp_path, row("a"), row("b", video_split="dev"), row("c", video_split="train"))
    taken = read_comments(path, ["test", "dev"])
    assert [comment.post_id for comment in taken] == ["a", "b"]


def test_a_comment_without_an_opinion_is_kept_without_a_label(tmp_path: Path) -> None:
    path = write(tmp_path, row("a"), row("b", opinion=None))
    assert [comment.opinion for comment in read_comments(path, ["test"])] == ["positive", None]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "comments.parquet"
    pq.write_table(pa.Table.from_pylist([row("a")]).drop_columns(["video_split", "text"]), path)
    with pytest.raises(CommentFileError, match="no column text, video_split; needed are"):
        read_comments(path, ["test"])


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, row("a", video_unix_from_id="yesterday"))
    with pytest.raises(CommentFileError, match="column video_unix_from_id is string"):
        read_comments(path, ["test"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a"), row("a")], "comes twice"),
        ([row("a", opinion="furious")], "opinion 'furious'"),
        ([row("a", text=None), row("b")], "comment a has no text"),
        ([row("a", video_split="train")], "no comment with video_split test"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(CommentFileError, match=message):
        read_comments(write(tmp_path, *rows), ["test"])


def test_a_file_that_is_missing_or_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommentFileError, match="no file"):
        read_comments(tmp_path / "nothing.parquet", ["test"])
    text = tmp_path / "text.parquet"
    text.write_text("comment_key,text\n")
    with pytest.raises(CommentFileError, match="is no parquet file"):
        read_comments(text, ["test"])


def test_a_limit_takes_whole_videos_only(tmp_path: Path) -> None:
    path = write(
        tmp_path, *(row(f"{video}{n}", video, at) for at, video in enumerate("xyz") for n in "123")
    )
    comments = read_comments(path, ["test"])
    assert [comment.post_id for comment in first_videos(comments, 7)] == [
        *("x1", "x2", "x3"),
        *("y1", "y2", "y3"),
    ]
    assert len(first_videos(comments, 1)) == 3
    assert len(first_videos(comments, None)) == 9
