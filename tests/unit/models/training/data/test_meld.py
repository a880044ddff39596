from pathlib import Path

import numpy as np
import pytest

from models.errors import TrainingDataError
from models.training.corpus import NO_LABEL
from models.training.data.meld import COLUMNS, read_meld
from tests.unit.models.training.toy import write_csv


def rows() -> list[list[str]]:
    return [
        ["train", "0", "1", "second", "negative", "angry"],
        ["train", "0", "0", "first", "positive", "happy"],
        ["dev", "0", "0", "dev", "neutral", ""],
        ["test", "0", "0", "test", "neutral", "neutral"],
    ]


def test_utterances_come_in_order_by_official_split(tmp_path: Path) -> None:
    corpus = read_meld(write_csv(tmp_path / "meld.csv", COLUMNS, rows()))
    ((first, second),) = corpus.splits["train"]
    assert (first.text, first.sentiment, first.emotion) == ("first", 2, 0)
    assert (second.text, second.sentiment, second.emotion) == ("second", 0, 5)
    ((unlabelled,),) = corpus.splits["dev"]
    assert (unlabelled.sentiment, unlabelled.emotion) == (1, NO_LABEL)
    assert not first.features


def test_audio_that_was_not_measured_is_absent_or_the_mean(tmp_path: Path) -> None:
    audio = np.ones((4, 8), np.float32)
    audio[0, :] = 3.0
    audio[0, 2] = np.nan
    audio[3, :] = np.nan
    np.savez(tmp_path / "audio.npz", audio8=audio)
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    corpus = read_meld(path, tmp_path / "audio.npz")
    ((first, second),) = corpus.splits["train"]
    np.testing.assert_array_equal(first.features["audio"], np.ones((1, 8)))
    assert second.features["audio"][0, 2] == 1.0
    assert second.features["audio"][0, 3] == 3.0
    assert second.text == "second"
    assert "audio" not in corpus.splits["test"][0][0].features


def test_a_measure_that_training_never_has_is_named(tmp_path: Path) -> None:
    audio = np.ones((4, 8), np.float32)
    audio[:2, 5] = np.nan
    np.savez(tmp_path / "audio.npz", audio8=audio)
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    with pytest.raises(TrainingDataError, match=r"columns \[5\] of audio8 are NaN"):
        read_meld(path, tmp_path / "audio.npz")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    place = COLUMNS.index(column)
    less = [[*row[:place], *row[place + 1 :]] for row in rows()]
    path = write_csv(tmp_path / "meld.csv", [*COLUMNS[:place], *COLUMNS[place + 1 :]], less)
    with pytest.raises(TrainingDataError, match=f"meld.csv: no column {column}; found"):
        read_meld(path)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (0, "validation", r"unknown: \['validation'\]"),
        (2, "last", "row 1: utterance_id 'last' is no whole number"),
        (4, "good", "row 1: unknown sentiment 'good'; known: negative, neutral, positive"),
        (5, "joy", "row 1: unknown emotion 'joy'"),
    ],
)
def test_a_value_that_is_not_known_is_named_with_its_row(
    tmp_path: Path, place: int, value: str, said: str
) -> None:
    changed = rows()
    changed[0][place] = value
    with pytest.raises(TrainingDataError, match=said):
        read_meld(write_csv(tmp_path / "meld.csv", COLUMNS, changed))


def test_an_utterance_that_is_there_twice_is_named(tmp_path: Path) -> None:
    twice = [*rows(), ["train", "0", "1", "second", "negative", "angry"]]
    said = "row 5: split train, dialogue_id 0, utterance_id 1 was there before, in row 1"
    with pytest.raises(TrainingDataError, match=said):
        read_meld(write_csv(tmp_path / "meld.csv", COLUMNS, twice))


@pytest.mark.parametrize(
    ("line", "cells"),
    [("train,1,0,Well, no,negative,angry", 7), ("train,1,0,Well", 4), ('train,1,0,"Well', 4)],
)
def test_a_row_with_more_or_fewer_cells_than_the_header_is_named(
    tmp_path: Path, line: str, cells: int
) -> None:
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=rf"row 5: {cells} cells where the header has 6"):
        read_meld(path)


def test_a_split_without_rows_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows()[:3])
    with pytest.raises(TrainingDataError, match=r"missing: \['test'\]"):
        read_meld(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"audio8": np.zeros((4, 7))}, r"audio8 must be \[4, 8\] of numbers"),
        ({"audio8": np.zeros((3, 8))}, r"audio8 must be \[4, 8\] of numbers"),
        ({"audio8": np.full((4, 8), "loud")}, r"not \[4, 8\] of <U4"),
        ({"audio9": np.zeros((4, 8))}, r"no array audio8; found \['audio9'\]"),
        ({"audio8": np.full((4, 8), np.inf)}, "audio8 holds infinite numbers"),
    ],
)
def test_audio_that_does_not_fit_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], said: str
) -> None:
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    np.savez(tmp_path / "audio.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(TrainingDataError, match=said):
        read_meld(path, tmp_path / "audio.npz")


def test_pickled_audio_is_never_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    np.savez(tmp_path / "audio.npz", audio8=np.array([{}] * 4))
    with pytest.raises(TrainingDataError, match="cannot be read as an npz"):
        read_meld(path, tmp_path / "audio.npz")


def test_files_that_are_not_there_or_not_of_the_kind_are_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "meld.csv", COLUMNS, rows())
    with pytest.raises(TrainingDataError, match=r"no file .*none\.csv"):
        read_meld(tmp_path / "none.csv")
    with pytest.raises(TrainingDataError, match=r"no file .*none\.npz"):
        read_meld(path, tmp_path / "none.npz")
    with pytest.raises(TrainingDataError, match="cannot be read as an npz"):
        read_meld(path, path)
    (tmp_path / "empty.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(TrainingDataError, match="has no rows"):
        read_meld(tmp_path / "empty.csv")
