import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from models.evaluation import checkpoint
from models.evaluation.report import EvaluationReport
from models.training.data.meld import COLUMNS
from stream_app.cli.errors import CliError
from stream_app.cli.main import app
from tests.unit.models.small_networks import write_checkpoint
from tests.unit.models.training.toy import LengthEncoder, write_csv

LABELS = (("negative", "angry"), ("neutral", "neutral"), ("positive", "happy"))

Evaluate = Callable[..., None]


@pytest.fixture
def meld(tmp_path: Path) -> list[str]:
    rows = [
        [split, str(dialogue), str(place), "x" * (1 + place), *LABELS[(dialogue + place) % 3]]
        for split in ("train", "dev", "test")
        for dialogue in range(6)
        for place in range(2)
    ]
    np.savez(tmp_path / "audio.npz", audio8=np.ones((len(rows), 8)))
    table = write_csv(tmp_path / "meld.csv", COLUMNS, rows)
    return [f"meld={table}", f"meld.features={tmp_path / 'audio.npz'}"]


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Evaluate:
    monkeypatch.setattr(checkpoint, "load_base_encoder", LengthEncoder)

    def run(folder: Path, data: list[str], *more: str) -> None:
        options = [part for own in data for part in ("--data", own)]
        cache = ("--cache", str(tmp_path / "cache"), "--device", "cpu")
        called = ["evaluate", str(folder), *options, "--out", str(tmp_path / "out"), *cache, *more]
        CliRunner().invoke(app, called, catch_exceptions=False)

    return run


def test_a_checkpoint_is_judged_on_the_split_asked_for(
    evaluate: Evaluate, meld: list[str], tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    evaluate(write_checkpoint(tmp_path / "own", "stream"), meld, "--json", str(figures))
    report = EvaluationReport.model_validate_json((tmp_path / "out" / "report.json").read_text())
    (data,) = report.data
    assert (data.name, data.split, data.posts) == ("MELD", "test", 12)
    assert data.modalities == {"text": 12, "audio": 12, "visual": 0}
    assert set(data.tasks) == {"sentiment", "emotion"}
    assert data.tasks["sentiment"].majority is not None
    assert "fitted on dev" in data.tasks["emotion"].reliability
    assert (tmp_path / "out" / "meld-test-emotion-confusion.png").is_file()
    assert json.loads(figures.read_text()) == report.model_dump(mode="json")


def test_a_checkpoint_of_other_widths_is_refused_before_texts_are_encoded(
    evaluate: Evaluate, meld: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = LengthEncoder()
    monkeypatch.setattr(checkpoint, "load_base_encoder", lambda: encoder)
    with pytest.raises(CliError, match=r"reads text of 300 numbers a step, but MELD gives 384"):
        evaluate(write_checkpoint(tmp_path / "own", "paper"), meld)
    assert encoder.calls == [["a"]]


def test_no_checkpoint_and_no_file_are_told(
    evaluate: Evaluate, meld: list[str], tmp_path: Path
) -> None:
    with pytest.raises(CliError, match="no checkpoint folder at"):
        evaluate(tmp_path / "nowhere", meld)
    with pytest.raises(CliError, match=r"no file|cannot be read"):
        evaluate(write_checkpoint(tmp_path / "own", "stream"), ["csmv=nowhere.parquet"])
