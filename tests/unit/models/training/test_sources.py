from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import TrainingDataError
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.data.meld import COLUMNS
from models.training.sources import fingerprint, load_sources, with_sampled_train
from tests.unit.models.training.toy import toy_corpus, toy_source, write_csv, write_parquet

ROWS = [["train", "0", "0", "one", "positive", ""], ["dev", "0", "0", "two", "neutral", ""]]


def config(*sources: dict[str, object], **model: object) -> TrainingConfig:
    tables = {"data": {"sources": sources}, "model": {"tasks": ["sentiment"], **model}}
    return TrainingConfig.model_validate(tables)


def meld(folder: Path, rows: list[list[str]] = ROWS) -> dict[str, object]:
    own = [*rows, ["test", "0", "0", "three", "negative", ""]]
    return {"kind": "meld", "path": write_csv(folder / "meld.csv", COLUMNS, own), "batch": 3}


def goemotions(folder: Path) -> dict[str, object]:
    columns = ("split", "id", "text", "emotion_single", "sentiment_single")
    rows = [[split, split, "text", "happy", ""] for split in ("train", "dev", "test")]
    return {"kind": "goemotions", "path": write_parquet(folder / "go.parquet", columns, rows)}


def test_sources_are_read_in_order_with_their_own_batch(tmp_path: Path) -> None:
    both = load_sources(config(meld(tmp_path), goemotions(tmp_path)))
    assert [(own.name, own.batch, own.corpus.name) for own in both] == [
        ("meld", 3, "MELD"),
        ("goemotions", 32, "GoEmotions"),
    ]


def test_features_are_made_after_the_training_split_was_cut(tmp_path: Path) -> None:
    more = [*ROWS, *[["train", str(number), "0", "more", "neutral", ""] for number in range(1, 9)]]
    seen: list[Corpus] = []

    def featurise(corpus: Corpus) -> Corpus:
        seen.append(corpus)
        return corpus

    load_sources(config({**meld(tmp_path, more), "max_posts": 4, "sample_seed": 5}), featurise)
    assert len(seen[0].splits["train"]) == 4


def test_a_sample_is_whole_conversations_the_same_for_a_seed_and_a_part_of_a_larger_one() -> None:
    corpus = toy_corpus(40)
    small, large = (with_sampled_train(corpus, most, seed=1) for most in (20, 60))
    again, other = (with_sampled_train(corpus, 20, seed=seed) for seed in (1, 2))
    assert small.splits["train"] == again.splits["train"] != other.splits["train"]
    assert 16 < sum(map(len, small.splits["train"])) <= 20
    chosen = [id(posts) for posts in large.splits["train"]]
    assert all(id(posts) in chosen for posts in small.splits["train"])
    assert small.splits["dev"] is corpus.splits["dev"]
    assert len(with_sampled_train(corpus, 1, seed=1).splits["train"]) == 1


def test_data_of_other_widths_cannot_be_mixed(tmp_path: Path) -> None:
    def featurise(corpus: Corpus) -> Corpus:
        return replace(corpus, widths=(768, 8, 35)) if corpus.name == "MELD" else corpus

    with pytest.raises(TrainingDataError, match=r"\[768, 8, 35\] wide in meld, but \[384, 8, 35\]"):
        load_sources(config(meld(tmp_path), goemotions(tmp_path)), featurise)


def test_a_task_without_any_label_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no post of the split train has a label for emot"):
        load_sources(config(meld(tmp_path), tasks=["sentiment", "emotion"]))


def test_a_source_that_decides_needs_a_label(tmp_path: Path) -> None:
    sources = {"sources": [meld(tmp_path), goemotions(tmp_path)]}
    tables = {"data": sources, "model": {"tasks": ["sentiment"]}}
    told = TrainingConfig.model_validate({**tables, "validation": {"source": "goemotions"}})
    with pytest.raises(TrainingDataError, match="goemotions, whose split dev has no label"):
        load_sources(told)


def test_an_empty_split_is_named(tmp_path: Path) -> None:
    columns = ("video_id", "clip_id", "bc_split", "transcript", "score")
    rows = [["v", "1", "train", "a", "1"], ["w", "1", "test", "a", "1"]]
    arrays = {"text100": (2, 100), "audio73": (2, 73), "visual100": (2, 100)}

    empty = {name: np.zeros(shape) for name, shape in arrays.items()}
    np.savez(tmp_path / "m.npz", **empty)  # type: ignore[arg-type]
    source = {
        "kind": "mosi",
        "path": write_csv(tmp_path / "m.csv", columns, rows),
        "features": tmp_path / "m.npz",
    }
    with pytest.raises(TrainingDataError, match="mosi: no conversations in the split train"):
        load_sources(config(source))


def test_a_fingerprint_tells_all_of_what_is_trained_on() -> None:
    source = toy_source()
    train = source.corpus.splits["train"]
    post = train[1][0]
    louder = {**post.features, "audio": post.features["audio"] + 1}
    changed = [
        [*train[::-1]],
        [train[0], [replace(post, text="other"), *train[1][1:]], *train[2:]],
        [train[0], [replace(post, sentiment=-1), *train[1][1:]], *train[2:]],
        [train[0], [replace(post, features=louder), *train[1][1:]], *train[2:]],
        [train[0], [replace(post, teacher=np.ones(10, np.float32)), *train[1][1:]], *train[2:]],
    ]
    prints = {fingerprint([source])}
    for own in changed:
        corpus = replace(source.corpus, splits={**source.corpus.splits, "train": own})
        prints.add(fingerprint([replace(source, corpus=corpus)]))
    assert len(prints) == 6
    assert fingerprint([toy_source()]) in prints
