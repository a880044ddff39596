from pathlib import Path

import pytest

from models.errors import TrainingDataError
from models.training.corpus import NO_LABEL
from models.training.data import csmv, goemotions
from models.training.data.csmv import read_csmv
from models.training.data.goemotions import read_goemotions
from tests.unit.models.training.toy import write_csv, write_parquet

COMMENTS = [
    ["train", "v1", 12, "nba", "later", "positive", "happy"],
    ["train", "v1", 3, "nba", "earlier", None, ""],
    ["dev", "v2", 1, "nba", "dev", "neutral", None],
    ["test", "v3", 1, "tesla", "test", "negative", "angry"],
]
POSTS = [
    ["train", "a", "one", "happy", "positive"],
    ["train", "b", "two", "", "negative"],
    ["dev", "c", "three", "fear", ""],
    ["test", "d", "four", "neutral", "neutral"],
]


def test_a_video_is_a_conversation_in_the_order_of_its_comments(tmp_path: Path) -> None:
    corpus = read_csmv(write_parquet(tmp_path / "csmv.parquet", csmv.COLUMNS, COMMENTS))
    ((earlier, later),) = corpus.splits["train"]
    assert (earlier.text, earlier.sentiment, earlier.emotion) == ("earlier", NO_LABEL, NO_LABEL)
    assert (later.text, later.sentiment, later.emotion, later.group) == ("later", 2, 0, "nba")


def test_the_comments_own_split_is_not_read(tmp_path: Path) -> None:
    rows = [[*row, "test"] for row in COMMENTS]
    path = write_parquet(tmp_path / "csmv.parquet", [*csmv.COLUMNS, "split"], rows)
    assert {name: len(own) for name, own in read_csmv(path).splits.items()} == {
        "train": 1,
        "dev": 1,
        "test": 1,
    }


def test_each_reddit_comment_is_a_conversation(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "go.parquet", goemotions.COLUMNS, POSTS)
    corpus = read_goemotions(path)
    (one,), (two,) = corpus.splits["train"]
    assert (one.text, one.sentiment, one.emotion) == ("one", 2, 0)
    assert (two.text, two.sentiment, two.emotion) == ("two", 0, NO_LABEL)


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    with pytest.raises(TrainingDataError, match="no column video_split"):
        read_csmv(write_parquet(path, csmv.COLUMNS[1:], [row[1:] for row in COMMENTS]))
    with pytest.raises(TrainingDataError, match="row 1: unknown sentiment 'good'"):
        read_csmv(write_parquet(path, csmv.COLUMNS, [[*COMMENTS[0][:5], "good", ""], *COMMENTS]))
    rows = [*POSTS[:3], ["test", "d", "four", "joy", "neutral"]]
    with pytest.raises(TrainingDataError, match="row 4: unknown emotion_single 'joy'"):
        read_goemotions(write_parquet(path, goemotions.COLUMNS, rows))
    with pytest.raises(TrainingDataError, match="row 5: split test, id d was there before, in row"):
        read_goemotions(write_parquet(path, goemotions.COLUMNS, [*POSTS, POSTS[3]]))
    with pytest.raises(TrainingDataError, match="cannot be read as parquet"):
        read_goemotions(write_csv(tmp_path / "go.csv", goemotions.COLUMNS, []))
    with pytest.raises(TrainingDataError, match=r"no file .*none\.parquet"):
        read_csmv(tmp_path / "none.parquet")
