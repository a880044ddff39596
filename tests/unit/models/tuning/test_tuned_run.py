"""An encoder trained from a configuration: what is written, served and taught."""

from pathlib import Path

import numpy as np
import pytest
import torch

from connectors.schemas.labels import MODALITIES
from models.card import read_card
from models.errors import CheckpointError, TrainingDataError
from models.evaluation.checkpoint import evaluate_checkpoint
from models.evaluation.judged import judge
from models.systems.folder import load_system
from models.text_encoder import load_text_encoder
from models.tmsam import Logits
from models.training.batches import make_batch
from models.training.config import TrainingConfig
from models.training.corpus import Corpus, LabelledPost
from models.training.data.meld import COLUMNS
from models.training.featurise import configured_encoder
from models.training.run import run_training
from models.training.sources import load_sources
from models.training.text_features import TextFeatures, with_text_features
from models.training.validation import task_measures
from models.tuning import learner, served
from models.tuning.distillation import read_teacher, teacher_loss
from models.tuning.learner import text_preparer
from models.tuning.teaching import write_teacher
from tests.unit.models.training.toy import TINY, write_csv
from tests.unit.models.tuning.tiny_bert import write_tiny_bert

SAID = {
    "negative": ("angry", "bad night"),
    "neutral": ("neutral", "day"),
    "positive": ("happy", "good day"),
}


@pytest.fixture(autouse=True)
def tiny_encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = write_tiny_bert(tmp_path / "bert")
    for module in (learner, served):
        monkeypatch.setattr(module, "encoder_folder", lambda _name, _cache: folder)


def configured(folder: Path, **tuning: object) -> TrainingConfig:
    generator = np.random.default_rng(0)
    rows = []
    for split in ("train", "dev", "test"):
        for dialogue in range(12):
            for place in range(3):
                sentiment = str(generator.choice(list(SAID)))
                emotion, text = SAID[sentiment]
                rows.append([split, str(dialogue), str(place), text, sentiment, emotion])
    path = write_csv(folder / "meld.csv", COLUMNS, rows)
    return TrainingConfig.model_validate(
        {
            "device": "cpu",
            "data": {"sources": [{"kind": "meld", "path": path, "batch": 4}]},
            "model": {"sizes": {**TINY, "dropout": 0.0}},
            "tuning": {"dropout": 0.0, "average": 0.0, "learning_rate": 3e-3, **tuning},
            "optimiser": {"name": "adamw", "learning_rate": 1e-2},
            "schedule": {"epochs": 8, "patience": 8},
        }
    )


def unread(corpus: Corpus) -> Corpus:
    raise AssertionError(f"{corpus.name}: a tuned encoder reads texts itself")


def test_a_tuned_encoder_is_served_with_the_network_that_was_judged_on_it(tmp_path: Path) -> None:
    config = configured(tmp_path)
    out = tmp_path / "out"
    trained = run_training(config, out, unread, tmp_path)
    card = read_card(out)
    assert card.text_encoder is not None
    assert trained.metrics["test"]["sentiment"]["weighted_f1"] > 0.9
    features = TextFeatures(load_text_encoder(out))
    (source,) = load_sources(config, lambda corpus: with_text_features(corpus, features))
    judged = judge(load_system(out).system, source.corpus.splits["test"], MODALITIES)
    again = task_measures(judged, config.model.tasks, card.calibration)
    assert again["emotion"] == pytest.approx(card.metrics["test"]["emotion"])


@pytest.mark.parametrize("system", ["tmsam", "lstm"])
def test_another_system_stands_on_a_checkpoint_s_encoder_and_carries_it(
    tmp_path: Path, system: str
) -> None:
    config = configured(tmp_path)
    run_training(config, tmp_path / "own", unread, tmp_path)
    tables = config.model_dump(exclude={"tuning"})
    tables["model"]["system"] = system
    other = TrainingConfig.model_validate({**tables, "text_encoder": str(tmp_path / "own")})
    features = TextFeatures(configured_encoder(other))
    trained = run_training(
        other, tmp_path / "out", lambda corpus: with_text_features(corpus, features), tmp_path
    )
    assert load_system(tmp_path / "out").text_encoder == read_card(tmp_path / "own").text_encoder
    (tmp_path / "own" / "text_encoder.onnx").unlink()
    report = evaluate_checkpoint(
        tmp_path / "out", other.data.sources, "test", "cpu", tmp_path, lambda *_: None
    )
    measured = report.data[0].tasks["emotion"].measures["weighted_f1"]
    assert measured == pytest.approx(trained.metrics["test"]["emotion"]["weighted_f1"])


def test_a_blank_post_is_told_before_training(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (source,) = config.data.sources
    assert source.path is not None
    path = source.path
    path.write_text(path.read_text().replace("good day", " ", 1))
    with pytest.raises(TrainingDataError, match="1 posts have a blank text"):
        run_training(config, tmp_path / "out", unread, tmp_path)


def test_a_teacher_teaches_the_trained_tasks_alone() -> None:
    batch = make_batch([[LabelledPost({}, 0, 0, "day", teacher=np.arange(10, dtype=np.float32))]])
    logits = Logits(
        torch.zeros(1, 1, 3, requires_grad=True), torch.zeros(1, 1, 7, requires_grad=True)
    )
    teacher_loss(logits, batch, 2.0, ["sentiment"]).backward()  # type: ignore[no-untyped-call]
    assert logits.sentiment.grad is not None
    assert logits.emotion.grad is None


def test_a_larger_reading_is_written_and_read_again(tmp_path: Path) -> None:
    config = configured(tmp_path, network=False, reading="context", authors=True)
    out = tmp_path / "out"
    trained = run_training(config, out, unread, tmp_path)
    loaded = load_system(out)
    assert loaded.tuning == config.tuning
    assert config.tuning is not None
    (source,) = load_sources(config, text_preparer(config.tuning))
    judged = judge(loaded.system, source.corpus.splits["test"], MODALITIES)
    again = task_measures(judged, config.model.tasks, loaded.calibration)
    assert again["sentiment"] == pytest.approx(trained.metrics["test"]["sentiment"])
    report = evaluate_checkpoint(out, config.data.sources, "test", "cpu", tmp_path, lambda *_: None)
    assert report.data[0].modalities["text"] == report.data[0].posts
    figures = report.data[0].tasks["sentiment"]
    assert figures.measures["weighted_f1"] == pytest.approx(again["sentiment"]["weighted_f1"])


def test_a_student_follows_what_a_teacher_said(tmp_path: Path) -> None:
    config = configured(tmp_path, network=False)
    run_training(config, tmp_path / "out", unread, tmp_path)
    (source,) = config.data.sources
    posts = write_teacher(tmp_path / "out", [source], tmp_path / "teacher.npz", "cpu")
    assert len(read_teacher(tmp_path / "teacher.npz").rows) == posts > 0
    assert config.tuning is not None
    taught = config.tuning.model_copy(update={"teachers": (str(tmp_path / "teacher.npz"),)})
    (known,) = load_sources(config, text_preparer(taught))
    train = [post for own in known.corpus.splits["train"] for post in own]
    assert all(post.teacher is not None and post.teacher.shape == (10,) for post in train)


def test_a_checkpoint_is_no_teacher(tmp_path: Path) -> None:
    config = configured(tmp_path)
    run_training(config, tmp_path / "out", unread, tmp_path)
    with pytest.raises(CheckpointError, match="holds no teacher"):
        write_teacher(tmp_path / "out", config.data.sources, tmp_path / "teacher.npz", "cpu")


def test_tuning_asks_for_its_optimiser(tmp_path: Path) -> None:
    tables = configured(tmp_path).model_dump()
    tables["optimiser"]["name"] = "adam"
    with pytest.raises(ValueError, match="adamw"):
        TrainingConfig.model_validate(tables)


def test_a_network_is_put_on_posts_read_alone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="network = false"):
        configured(tmp_path, reading="context")


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    config = configured(tmp_path)
    for name in ("one", "other"):
        run_training(config, tmp_path / name, unread, tmp_path)
    one, other = (load_system(tmp_path / name).system.state_dict() for name in ("one", "other"))
    assert all(torch.equal(one[name], other[name]) for name in one)
