"""From a configuration and files to a checkpoint or a baseline on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from connectors.schemas.labels import MODALITIES
from models.checkpoint import load_checkpoint
from models.errors import CheckpointError, TrainingInterruptedError, TrainingStateError
from models.evaluation.judged import judge
from models.systems.folder import load_system
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.data.meld import COLUMNS
from models.training.logs import TensorBoardLog
from models.training.run import Trained, kept_config, run_training, state_path
from models.training.sources import load_sources
from models.training.state import EpochReport
from models.training.text_features import TextFeatures, with_text_features
from models.training.validation import task_measures
from models.training.written import flat_settings
from tests.unit.models.training.test_loop import Heard
from tests.unit.models.training.toy import TINY, LengthEncoder, write_csv

CACHE = Path("no encoder is unpacked")


def featurise(corpus: Corpus) -> Corpus:
    return with_text_features(corpus, TextFeatures(LengthEncoder()))


def configured(folder: Path, **model: object) -> TrainingConfig:
    """Posts whose length is their sentiment."""
    generator = np.random.default_rng(0)
    rows = []
    for split in ("train", "dev", "test"):
        for dialogue in range(12):
            for place in range(3):
                label = int(generator.integers(3))
                sentiment = ("negative", "neutral", "positive")[label]
                emotion = ("angry", "neutral", "happy")[label]
                text = "x" * (1 + 5 * label)
                rows.append([split, str(dialogue), str(place), text, sentiment, emotion])
    np.savez(folder / "audio.npz", audio8=generator.normal(size=(len(rows), 8)))
    source = {
        "kind": "meld",
        "path": write_csv(folder / "meld.csv", COLUMNS, rows),
        "features": folder / "audio.npz",
        "batch": 4,
    }
    return TrainingConfig.model_validate(
        {
            "device": "cpu",
            "seed": 7,
            "data": {"sources": [source]},
            "model": {"sizes": {**TINY, "dropout": 0.0}, **model},
            "optimiser": {"learning_rate": 1e-2},
            "schedule": {"epochs": 12, "patience": 12},
        }
    )


def test_a_run_writes_a_checkpoint_with_the_measures_of_its_rounded_weights(tmp_path: Path) -> None:
    config = configured(tmp_path)
    out = tmp_path / "out"
    trained = run_training(config, out, featurise, CACHE)
    network, card = load_checkpoint(out)
    assert card.model_version.startswith("tmsam-stream-meld-1")
    assert card.metrics == trained.metrics
    assert (card.training.seed, card.training.licence) == (7, "GPL-3.0 (declare-lab/MELD)")
    assert card.metrics["test"]["sentiment"]["weighted_f1"] > 0.8
    assert card.metrics["test_majority"]["sentiment"]["weighted_f1"] < 0.5
    assert "test_text_only" in card.metrics
    assert not state_path(out).exists()
    assert len(json.loads((out / "training" / "history.json").read_text())) == 12
    loaded = load_system(out)
    assert (loaded.model_version, loaded.calibration) == (card.version, card.calibration)
    assert card.calibration.sentiment.temperature != 1.0
    (source,) = load_sources(config, featurise)
    judged = judge(loaded.system, source.corpus.splits["test"], MODALITIES)
    again = task_measures(judged, config.model.tasks, card.calibration)
    assert again["emotion"] == pytest.approx(card.metrics["test"]["emotion"])
    assert sum(own.numel() for own in network.parameters()) == trained.parameters


@pytest.mark.parametrize("system", ["msa", "absa", "lstm"])
def test_a_baseline_is_written_and_read_beside_it(tmp_path: Path, system: str) -> None:
    config = configured(tmp_path, system=system)
    config = config.model_copy(
        update={"schedule": config.schedule.model_copy(update={"epochs": 2})}
    )
    trained = run_training(config, tmp_path / "out", featurise, CACHE)
    assert trained.model_version == f"{system}-stream-meld-1"
    loaded = load_system(tmp_path / "out")
    assert loaded.model_version == trained.model_version
    (source,) = load_sources(config, featurise)
    judged = judge(loaded.system, source.corpus.splits["dev"], MODALITIES)
    again = task_measures(judged, config.model.tasks, loaded.calibration)
    assert again == trained.metrics["dev"]
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "out")


@pytest.mark.parametrize("system", ["tmsam", "lstm"])
def test_what_was_written_tells_the_tasks_that_were_trained(tmp_path: Path, system: str) -> None:
    for tasks in (("sentiment", "emotion"), ("emotion",)):
        config = configured(tmp_path, system=system, tasks=tasks)
        schedule = config.schedule.model_copy(update={"epochs": 1})
        out = tmp_path / "-".join(tasks)
        run_training(config.model_copy(update={"schedule": schedule}), out, featurise, CACHE)
        assert load_system(out).tasks == tasks


def test_a_folder_without_a_trained_system_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no checkpoint\.json"):
        load_system(tmp_path)
    (tmp_path / "system.json").write_text("{}")
    with pytest.raises(CheckpointError, match="holds no trained system"):
        load_system(tmp_path)


@pytest.mark.parametrize(("system", "held"), [("tmsam", "notes.txt"), ("lstm", "checkpoint.json")])
def test_a_folder_with_something_else_is_refused_before_training(
    tmp_path: Path, system: str, held: str
) -> None:
    config = configured(tmp_path, system=system)
    out = tmp_path / "out"
    out.mkdir()
    (out / held).write_text("{}")
    heard = Heard()
    with pytest.raises(TrainingStateError, match=f"what does not belong.*{held}"):
        run_training(config, out, featurise, CACHE, observers=[heard])
    assert not heard.steps


def interrupted(config: TrainingConfig, out: Path) -> None:
    heard = Heard()
    with pytest.raises(TrainingInterruptedError, match=r"it is kept in .*out"):
        run_training(
            config, out, featurise, CACHE, observers=[heard], stop=lambda: len(heard.steps) == 5
        )


def test_an_interrupted_run_goes_on_from_what_its_folder_keeps(tmp_path: Path) -> None:
    config = configured(tmp_path)
    whole = run_training(config, tmp_path / "whole", featurise, CACHE)
    out = tmp_path / "out"
    interrupted(config, out)
    assert kept_config(out) == config
    resumed = run_training(kept_config(out), out, featurise, CACHE, resume=True)
    assert resumed == whole
    one, other = (load_checkpoint(folder)[0].state_dict() for folder in (tmp_path / "whole", out))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_kept_run_is_neither_overwritten_nor_made_up(tmp_path: Path) -> None:
    config = configured(tmp_path)
    interrupted(config, tmp_path / "out")
    with pytest.raises(TrainingStateError, match=r"keeps a run that has not ended.*--resume"):
        run_training(config, tmp_path / "out", featurise, CACHE)
    with pytest.raises(TrainingStateError, match="nothing to go on with"):
        run_training(config, tmp_path / "none", featurise, CACHE, resume=True)
    with pytest.raises(TrainingStateError, match="nothing to go on with"):
        kept_config(tmp_path / "none")


def test_a_checkpoint_tells_its_settings_but_no_paths(tmp_path: Path) -> None:
    flat = flat_settings(configured(tmp_path))
    assert flat["optimiser.learning_rate"] == 1e-2
    assert flat["model.tasks"] == "sentiment, emotion"
    assert flat["data.meld.batch"] == 4
    assert flat["model.sizes.post_width"] == 8
    assert not any(str(tmp_path) in str(value) for value in flat.values())


def test_tensorboard_reads_how_a_run_went(tmp_path: Path) -> None:
    config, out = configured(tmp_path), tmp_path / "out"
    logs, heard = TensorBoardLog(tmp_path / "logs"), Heard()
    trained: Trained = run_training(config, out, featurise, CACHE, observers=[logs, heard])
    logs.close()
    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    losses = events.Scalars("train/loss")
    assert [own.step for own in losses] == list(range(1, 3 * 12 + 1))
    assert [own.value for own in losses] == pytest.approx([own.loss for own in heard.steps])
    scores = events.Scalars("validation/score")
    assert [own.value for own in scores] == pytest.approx(
        [report.validation for report in trained.history]
    )
    assert events.Scalars("validation/meld/text/emotion/weighted_f1")


def test_an_epoch_can_be_logged_before_any_step(tmp_path: Path) -> None:
    logs = TensorBoardLog(tmp_path)
    logs.ended_epoch(EpochReport(epoch=3, loss=1.0, validation=0.5, best=True))
    logs.close()
    (score,) = EventAccumulator(str(tmp_path)).Reload().Scalars("validation/score")
    assert (score.step, score.value) == (3, 0.5)
