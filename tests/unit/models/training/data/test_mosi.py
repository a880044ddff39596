from pathlib import Path

import numpy as np
import pytest

from models.errors import TrainingDataError
from models.training.corpus import NO_LABEL
from models.training.data.mosi import COLUMNS, WIDTHS, read_mosi
from tests.unit.models.training.toy import write_csv

ROWS = [[f"v{video}", str(clip), "train", "text", "1.5"] for video in range(20) for clip in (2, 1)]
TEST = [["w", "1", "test", "bad", "-0.2"], ["w", "2", "test", "so so", "0.0"]]


def write(folder: Path, rows: list[list[str]], **widths: int) -> tuple[Path, Path]:
    own = {**WIDTHS, **widths}
    arrays = {
        name: np.arange(len(rows), dtype=np.float32)[:, None].repeat(width, axis=1)
        for name, width in own.items()
    }
    np.savez(folder / "mosi.npz", **arrays)  # type: ignore[arg-type]
    return write_csv(folder / "mosi.csv", COLUMNS, rows), folder / "mosi.npz"


def test_utterances_have_their_own_features_and_the_sign_of_their_score(tmp_path: Path) -> None:
    corpus = read_mosi(*write(tmp_path, [*ROWS, *TEST]))
    assert corpus.widths == (100, 73, 100)
    ((bad, middling),) = corpus.splits["test"]
    assert (bad.sentiment, middling.sentiment, bad.emotion) == (0, 1, NO_LABEL)
    assert {name: steps.shape for name, steps in bad.features.items()} == {
        "text": (1, 100),
        "audio": (1, 73),
        "visual": (1, 100),
    }
    assert bad.features["audio"][0, 0] == len(ROWS)
    assert all(posts[0].sentiment == 2 for posts in corpus.splits["train"])
    assert all(
        posts[0].features["text"][0, 0] > posts[1].features["text"][0, 0]
        for posts in corpus.splits["train"]
    )


def test_the_dev_split_is_whole_training_videos_whatever_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    one = read_mosi(*write(tmp_path, [*ROWS, *TEST]))
    other = read_mosi(*write(tmp_path, [*TEST, *ROWS[::-1]]))
    assert {name: len(own) for name, own in one.splits.items()} == {
        "train": 17,
        "dev": 3,
        "test": 1,
    }
    assert all(len(posts) == 2 for posts in (*one.splits["train"], *one.splits["dev"]))
    # rows of a video are numbered by the features; in the second file they run backwards
    videos = {posts[0].features["text"][0, 0] // 2 for posts in one.splits["dev"]}
    again = {(41 - posts[0].features["text"][0, 0]) // 2 for posts in other.splits["dev"]}
    assert videos == again


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["w", "1", "test", "bad", "low"], "row 1: score 'low' is no number"),
        (["w", "1", "test", "bad", "nan"], "row 1: score 'nan' is no number"),
        (["w", "1", "valid", "bad", "1"], r"unknown: \['valid'\]"),
    ],
)
def test_a_value_that_is_no_score_or_split_is_named(
    tmp_path: Path, row: list[str], said: str
) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read_mosi(*write(tmp_path, [row, *ROWS, *TEST]))


def test_features_of_another_width_or_with_gaps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"audio73 must be \[42, 73\]"):
        read_mosi(*write(tmp_path, [*ROWS, *TEST], audio73=74))
    table, features = write(tmp_path, [*ROWS, *TEST])
    arrays = dict(np.load(features))
    arrays["text100"][3, 4] = np.nan
    np.savez(features, **arrays)
    with pytest.raises(TrainingDataError, match="text100 holds NaN or infinite numbers"):
        read_mosi(table, features)
