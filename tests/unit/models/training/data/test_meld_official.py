from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.schemas.labels import EMOTIONS
from models.errors import TrainingDataError
from models.training.data.meld_official import FILES, read_meld_official

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season\n"
LINES = {
    "train": [
        '1,"You don\x92t, do you?",Ross,anger,negative,0,1,1',
        "2,first,Rachel,joy,positive,0,0,1",
    ],
    "dev": ["1,dev,Ross,sadness,negative,0,0,1"],
    "test": ["1,test,Ross,neutral,neutral,0,0,1"],
}


def write(
    folder: Path, lines: Mapping[str, list[str]] = LINES, header: str = HEADER, code: str = "utf-8"
) -> Path:
    for split, name in FILES.items():
        (folder / name).write_text(header + "\n".join(lines[split]) + "\n", encoding=code)
    return folder


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "latin-1"])
def test_three_files_become_three_splits_whatever_their_encoding(tmp_path: Path, code: str) -> None:
    corpus = read_meld_official(write(tmp_path, code=code))
    ((first, second),) = corpus.splits["train"]
    assert (first.text, first.sentiment) == ("first", 2)
    assert second.text == "You don\u2019t, do you?"
    assert {split: len(own) for split, own in corpus.splits.items()} == {
        "train": 1,
        "dev": 1,
        "test": 1,
    }


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("anger", "angry"),
        ("disgust", "disgust"),
        ("fear", "fear"),
        ("joy", "happy"),
        ("neutral", "neutral"),
        ("sadness", "sad"),
        ("surprise", "surprise"),
    ],
)
def test_the_makers_names_become_ours(tmp_path: Path, name: str, ours: str) -> None:
    lines = {**LINES, "dev": [f"1,dev,Ross,{name},negative,0,0,1"]}
    ((post,),) = read_meld_official(write(tmp_path, lines)).splits["dev"]
    assert EMOTIONS[post.emotion] == ours


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="unknown Emotion 'happy'; known: anger"):
        read_meld_official(write(tmp_path, {**LINES, "dev": ["1,a,Ross,happy,negative,0,0,1"]}))
    with pytest.raises(TrainingDataError, match="row 2: Dialogue_ID 0, Utterance_ID 0 was there"):
        read_meld_official(write(tmp_path, {**LINES, "dev": LINES["dev"] * 2}))
    with pytest.raises(TrainingDataError, match="no column Dialogue_ID"):
        read_meld_official(write(tmp_path, header=HEADER.replace("Dialogue_ID", "Dialogue")))
    write(tmp_path)
    (tmp_path / FILES["test"]).unlink()
    with pytest.raises(TrainingDataError, match=r"no file .*test_sent_emo\.csv"):
        read_meld_official(tmp_path)
    with pytest.raises(TrainingDataError, match=r"is no folder; it must hold train_sent_emo\.csv"):
        read_meld_official(tmp_path / FILES["train"])
