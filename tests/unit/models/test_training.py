"""Training: the reader's rules, masked losses, measures, and that a tiny network learns."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.checkpoint import load_checkpoint
from models.errors import TrainingDataError
from models.presets import PRESETS
from models.tmsam import Logits
from models.training.batches import make_batch, run, shuffled_batches, with_dropout, with_only
from models.training.corpus import NO_LABEL, Corpus, LabelledPost
from models.training.evaluation import evaluate, majority
from models.training.loop import (
    EpochReport,
    fit_normalisation,
    train_network,
    validation_score,
)
from models.training.loss import balanced_weights, joint_loss, task_loss
from models.training.meld import read_meld
from models.training.run import train_checkpoint
from models.training.settings import TrainingSettings
from models.training.text_features import TextFeatures
from tests.unit.models.small_networks import tiny, tiny_network

COLUMNS = ["split", "dialogue_id", "utterance_id", "text", "sentiment", "emotion"]


class LengthEncoder:
    """Token vectors that tell a text's length, without a model."""

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        self.calls += 1
        return [np.full((2, 384), len(text), np.float16) for text in texts]


def write_meld(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def meld_rows() -> list[list[str]]:
    return [
        ["train", "0", "1", "second", "negative", "angry"],
        ["train", "0", "0", "first", "positive", "happy"],
        ["dev", "0", "0", "dev", "neutral", ""],
        ["test", "0", "0", "test", "neutral", "neutral"],
    ]


def toy_corpus(conversations: int = 32) -> Corpus:
    """Posts whose text vector is their label: anything learns it."""
    generator = np.random.default_rng(0)

    def made() -> LabelledPost:
        label = int(generator.integers(3))
        text = np.zeros((2, 384), np.float32)
        text[:, label] = 1.0
        audio = generator.normal(size=(1, 8)).astype(np.float32)
        return LabelledPost({"text": text, "audio": audio}, label, (0, 6, 5)[label])

    def split(count: int) -> list[list[LabelledPost]]:
        return [[made() for _ in range(1 + number % 4)] for number in range(count)]

    return Corpus("toy", "none", {name: split(conversations) for name in ("train", "dev", "test")})


@pytest.fixture
def small_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = tiny("stream").model_copy(update={"dropout": 0.0})
    monkeypatch.setitem(PRESETS, "stream", sizes)


def test_utterances_come_in_order_by_official_split(tmp_path: Path) -> None:
    path = write_meld(tmp_path / "meld.csv", meld_rows())
    corpus = read_meld(path, None, TextFeatures(LengthEncoder))
    ((first, second),) = corpus.splits["train"]
    assert (first.sentiment, first.emotion) == (2, 0)
    assert (second.sentiment, second.emotion) == (0, 5)
    assert first.features["text"][0, 0] == len("first")
    ((unlabelled,),) = corpus.splits["dev"]
    assert (unlabelled.sentiment, unlabelled.emotion) == (1, NO_LABEL)


def test_audio_that_was_not_measured_is_absent_or_the_mean(tmp_path: Path) -> None:
    path = write_meld(tmp_path / "meld.csv", meld_rows())
    audio = np.ones((4, 8), np.float32)
    audio[0, :] = 3.0
    audio[0, 2] = np.nan
    audio[3, :] = np.nan
    np.savez(tmp_path / "audio.npz", audio8=audio)
    corpus = read_meld(path, tmp_path / "audio.npz", TextFeatures(LengthEncoder))
    ((first, second),) = corpus.splits["train"]
    np.testing.assert_array_equal(first.features["audio"], np.ones((1, 8)))
    assert second.features["audio"][0, 2] == 1.0
    assert second.features["audio"][0, 3] == 3.0
    assert "audio" not in corpus.splits["test"][0][0].features


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    place = COLUMNS.index(column)
    rows = [[*row[:place], *row[place + 1 :]] for row in meld_rows()]
    path = write_meld(tmp_path / "meld.csv", rows, [*COLUMNS[:place], *COLUMNS[place + 1 :]])
    with pytest.raises(TrainingDataError, match=f"no column {column}; found"):
        read_meld(path, None, TextFeatures(LengthEncoder))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (0, "validation", r"unknown: \['validation'\]"),
        (2, "last", "utterance_id 'last' is no number"),
        (4, "good", "unknown sentiment 'good'; known: negative"),
        (5, "joy", "unknown emotion 'joy'"),
    ],
)
def test_a_value_that_is_not_known_is_named(
    tmp_path: Path, place: int, value: str, said: str
) -> None:
    rows = meld_rows()
    rows[0][place] = value
    with pytest.raises(TrainingDataError, match=said):
        read_meld(write_meld(tmp_path / "meld.csv", rows), None, TextFeatures(LengthEncoder))


def test_a_split_without_rows_is_named(tmp_path: Path) -> None:
    path = write_meld(tmp_path / "meld.csv", meld_rows()[:3])
    with pytest.raises(TrainingDataError, match=r"missing: \['test'\]"):
        read_meld(path, None, TextFeatures(LengthEncoder))


def test_audio_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = write_meld(tmp_path / "meld.csv", meld_rows())
    np.savez(tmp_path / "audio.npz", audio8=np.zeros((4, 7)))
    with pytest.raises(TrainingDataError, match=r"audio8 must be \[4, 8\], not \[4, 7\]"):
        read_meld(path, tmp_path / "audio.npz", TextFeatures(LengthEncoder))
    np.savez(tmp_path / "audio.npz", audio9=np.zeros((4, 8)))
    with pytest.raises(TrainingDataError, match="no array audio8"):
        read_meld(path, tmp_path / "audio.npz", TextFeatures(LengthEncoder))


def test_text_features_are_made_once(tmp_path: Path) -> None:
    encoder = LengthEncoder()
    features = TextFeatures(lambda: encoder, tmp_path)
    first = features.of(["a", "bcd"])
    second = features.of(["a", "bcd"])
    assert encoder.calls == 1
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    features.of(["a", "bc"])
    assert encoder.calls == 2


def test_a_post_without_a_label_adds_nothing_to_the_loss() -> None:
    logits = torch.randn(1, 3, 3)
    labels = torch.tensor([[2, NO_LABEL, 0]])
    both = task_loss(logits[:, [0, 2]], labels[:, [0, 2]])
    torch.testing.assert_close(task_loss(logits, labels), both)
    assert task_loss(logits, torch.full((1, 3), NO_LABEL)) == 0.0


def test_tasks_add_up_and_both_losses_fall_towards_the_truth() -> None:
    sentiment, emotion = torch.tensor([[1]]), torch.tensor([[4]])
    for binary in (False, True):
        right = Logits(9 * torch.eye(3)[sentiment], 9 * torch.eye(7)[emotion])
        wrong = Logits(9 * torch.eye(3)[sentiment - 1], 9 * torch.eye(7)[emotion + 1])
        low = joint_loss(right, sentiment, emotion, binary=binary)
        assert low < joint_loss(wrong, sentiment, emotion, binary=binary)


def test_weights_raise_rare_classes_and_average_to_one() -> None:
    labels = torch.tensor([0] * 16 + [1] * 4 + [NO_LABEL])
    weights = balanced_weights(labels, 3)
    assert weights[1] == pytest.approx(2 * float(weights[0]))
    assert weights[2] == 0
    assert float(weights[labels[:20]].mean()) == pytest.approx(1.0)


@given(st.lists(st.integers(1, 30)), st.integers(1, 8), st.integers(0, 99))
def test_shuffled_batches_hold_each_conversation_once(
    lengths: list[int], batch: int, seed: int
) -> None:
    batches = shuffled_batches(lengths, batch, np.random.default_rng(seed))
    assert sorted(index for own in batches for index in own) == list(range(len(lengths)))
    assert all(1 <= len(own) <= batch for own in batches)


def test_dropout_leaves_every_post_a_modality() -> None:
    batch = make_batch(toy_corpus().splits["train"])
    settings = TrainingSettings(audio_drop=0.5, text_drop=0.9, visual_noise=0.5)
    dropped = with_dropout(batch, settings, np.random.default_rng(0), 35)
    posts = [post for own in dropped.features for post in own]
    assert all(posts)
    assert {frozenset(post) for post in posts} >= {
        frozenset({"text"}),
        frozenset({"audio"}),
        frozenset({"text", "visual"}),
    }
    assert all("visual" not in post for own in batch.features for post in own)


def test_a_batch_scores_as_its_conversations_alone() -> None:
    network = tiny_network("stream")
    conversations = toy_corpus(6).splits["train"]
    together = run(network, make_batch(conversations)).fusion
    for row, posts in enumerate(conversations):
        alone = run(network, make_batch([posts])).fusion[0]
        torch.testing.assert_close(together[row, : len(posts)], alone, atol=1e-5, rtol=0)


def test_only_the_modalities_asked_for_are_used() -> None:
    batch = with_only(make_batch(toy_corpus().splits["dev"]), ("text",))
    assert {name for own in batch.features for post in own for name in post} == {"text"}


def test_normalisation_is_measured_on_the_posts_given() -> None:
    network = tiny_network("stream")
    conversations = toy_corpus().splits["train"]
    fit_normalisation(network, conversations)
    rows = np.concatenate([post.features["audio"] for own in conversations for post in own])
    torch.testing.assert_close(network.audio.normalise.mean, torch.from_numpy(rows.mean(axis=0)))
    assert torch.equal(network.visual.normalise.deviation, torch.ones(35))


@pytest.mark.usefixtures("small_presets")
def test_a_tiny_network_learns_what_can_be_learned(tmp_path: Path) -> None:
    corpus = toy_corpus()
    reports: list[EpochReport] = []
    settings = TrainingSettings(
        epochs=12, batch=4, learning_rate=5e-3, patience=12, visual_noise=0.1
    )
    card = train_checkpoint(corpus, settings, tmp_path / "out", reports.append)
    assert [report.epoch for report in reports] == list(range(1, 13))
    network, read = load_checkpoint(tmp_path / "out")
    assert read == card
    assert card.model_version == "tmsam-stream-toy-1"
    for split in ("test", "test_text_only"):
        for task in ("sentiment", "emotion"):
            found = card.metrics[split][task]["weighted_f1"]
            assert found > 0.75 > card.metrics["test_majority"][task]["weighted_f1"]
    again = evaluate(network, corpus.splits["test"], ("text", "audio", "visual"))
    for task, own in card.metrics["test"].items():
        assert again[task] == pytest.approx(own)


@pytest.mark.usefixtures("small_presets")
def test_training_ends_when_validation_no_longer_rises_and_keeps_the_best() -> None:
    corpus = toy_corpus(8)
    reports: list[EpochReport] = []
    settings = TrainingSettings(epochs=20, patience=2, learning_rate=1e-6, batch=8)
    network = train_network(corpus, settings, reports.append)
    assert len(reports) < 20
    assert not any(report.best for report in reports[-2:])
    best = max(report.validation for report in reports)
    assert validation_score(network, corpus.splits["dev"]) == pytest.approx(best)


@pytest.mark.usefixtures("small_presets")
def test_the_same_seed_gives_the_same_network() -> None:
    corpus = toy_corpus(6)
    settings = TrainingSettings(epochs=1, class_weights=True, loss="binary_cross_entropy")
    one, other = train_network(corpus, settings), train_network(corpus, settings)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_the_majority_is_the_training_splits() -> None:
    train = [[LabelledPost({}, 1, 6), LabelledPost({}, 1, 6), LabelledPost({}, 0, 0)]]
    judged = [[LabelledPost({}, 0, 6), LabelledPost({}, 1, NO_LABEL)]]
    outcome = majority(train, judged)
    assert outcome["sentiment"]["accuracy"] == 0.5
    assert outcome["emotion"]["accuracy"] == 1.0
