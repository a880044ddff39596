import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from models.training import featurise
from models.training.data.meld import COLUMNS
from models.training.loop import StepReport
from stream_app.cli.errors import CliError
from stream_app.cli.main import app
from stream_app.cli.training_view import TrainingView
from tests.unit.models.training.toy import TINY, LengthEncoder, write_csv

LABELS = (("negative", "angry"), ("neutral", "neutral"), ("positive", "happy"))
SIZES = "\n".join(
    f"{name} = {list(own) if isinstance(own, tuple) else own}" for name, own in TINY.items()
)
CONFIG = f"""
[[data.sources]]
kind = "meld"
batch = 3

[schedule]
epochs = 2

[model.sizes]
{SIZES}
"""

Train = Callable[..., Result]


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Train:
    monkeypatch.setattr(featurise, "load_base_encoder", LengthEncoder)
    rows = [
        [split, str(dialogue), "0", "x" * (1 + 5 * (dialogue % 3)), *LABELS[dialogue % 3]]
        for split in ("train", "dev", "test")
        for dialogue in range(12)
    ]
    table = write_csv(tmp_path / "meld.csv", COLUMNS, rows)
    (tmp_path / "run.toml").write_text(CONFIG)
    told = ("--config", str(tmp_path / "run.toml"), "--data", f"meld={table}")

    def run(out: Path, *options: str) -> Result:
        own = ("--resume",) if "--resume" in options else (*told, *options)
        cache = ("--cache", str(tmp_path / "cache"))
        return CliRunner().invoke(app, ["train", *own, "--out", str(out), *cache])

    return run


def refused(result: Result) -> CliError:
    assert isinstance(result.exception, CliError)
    return result.exception


def weights(out: Path) -> bytes:
    return (out / "model.safetensors").read_bytes()


def test_a_run_ends_with_a_checkpoint_and_tells_its_measures(train: Train, tmp_path: Path) -> None:
    result = train(tmp_path / "out", "--set", "seed=3")
    assert result.exit_code == 0, result.output
    assert "tmsam-stream-meld-1" in result.stdout
    assert "test: weighted F1 sentiment 0." in result.stdout
    assert "epoch 2: loss" in result.stderr
    said = result.stderr.splitlines()
    assert any(line.startswith("training 1/8, epoch 1, loss ") for line in said)
    assert any(line.startswith("training 8/8, epoch 2, loss ") for line in said)
    assert (tmp_path / "out" / "checkpoint.json").is_file()
    assert list((tmp_path / "out" / "training" / "logs").iterdir())
    train(tmp_path / "other", "--set", "seed=4")
    assert weights(tmp_path / "out") != weights(tmp_path / "other")


def test_a_split_without_labels_is_told_of_and_not_left_blank(train: Train, tmp_path: Path) -> None:
    table = tmp_path / "meld.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    bare = [f"{','.join(line.split(',')[:4])},," if "test," in line else line for line in lines]
    table.write_text("\n".join(bare) + "\n", encoding="utf-8")
    result = train(tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "test: weighted F1 none, no post has a label\n" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_so_that_resume_goes_on(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    stepped = TrainingView.stepped

    def interrupted(view: TrainingView, report: StepReport) -> None:
        stepped(view, report)
        if (report.epoch, report.step) == (2, 1):
            os.kill(os.getpid(), number)

    train(tmp_path / "whole")
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(TrainingView, "stepped", interrupted)
        error = refused(train(out))
    assert error.exit_code == 128 + number
    assert f"in epoch 2 after 1 of 4 steps; it is kept in {out}" in str(error)
    assert f"go on with: voxpop train --resume --out {out}" in str(error)
    assert "--resume" in str(refused(train(out)))
    assert train(out, "--resume").exit_code == 0
    assert weights(out) == weights(tmp_path / "whole")


def test_a_second_signal_ends_at_once(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(view: TrainingView, *_: object) -> None:
        for _number in range(2):
            view._take(signal.SIGINT, None)

    def shown(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingView, "show", shown)
        error = refused(train(tmp_path / "out"))
    assert (str(error), error.exit_code) == ("ended at once; nothing was trained yet", 130)
    monkeypatch.setattr(TrainingView, "stepped", impatient)
    assert refused(train(tmp_path / "out")).exit_code == 130


def test_handlers_are_put_back(train: Train, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    train(tmp_path / "out")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_a_user_can_mend_is_one_line(train: Train, tmp_path: Path) -> None:
    assert "unknown key optimiser.rate" in str(
        refused(train(tmp_path / "out", "--set", "optimiser.rate=1"))
    )
    assert "no file" in str(
        refused(train(tmp_path / "out", "--data", f"meld={tmp_path / 'none.csv'}"))
    )
    assert "nothing to go on with" in str(refused(train(tmp_path / "out", "--resume")))


@pytest.mark.parametrize("given", ["optimiser.rate=1", "optimiser.batch"])
def test_a_wrong_change_is_wrong_usage_and_is_named(
    train: Train, tmp_path: Path, given: str
) -> None:
    error = refused(train(tmp_path / "out", "--set", given))
    assert error.exit_code == 2
    assert f"--set {given}" in str(error)


@pytest.mark.parametrize("given", [("--set", "seed=1"), ("--config", "paper")])
def test_resume_takes_no_changes(tmp_path: Path, given: tuple[str, str]) -> None:
    called = ["train", "--resume", "--out", str(tmp_path), *given]
    error = refused(CliRunner().invoke(app, called))
    assert error.exit_code == 2


def test_the_help_names_every_preset() -> None:
    from models.training.config_file import preset_names  # noqa: PLC0415 - for this test alone

    said = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "300"}).output
    assert all(name in said for name in preset_names())
