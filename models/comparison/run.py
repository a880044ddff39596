"""Trains systems side by side, a line of JSON a finished run, so that a killed comparison goes on.

Every choice in a run is made on dev; test is scored once at its end. Not for the tables:
`tables`.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from models.comparison.plan import PlannedRun
from models.errors import TrainingStateError
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.loop import Observer
from models.training.run import run_training, state_path

RECORDS_FILE: Final = "runs.jsonl"
_RUNS_FOLDER: Final = "unfinished"
_ENCODERS_FOLDER: Final = "encoders"

Featuriser = Callable[[TrainingConfig], Callable[[Corpus], Corpus]]


class RunRecord(BaseModel):
    """A finished run.

    Attributes:
        key: of the plan, see `PlannedRun`.
        model_version: of what was trained.
        parameters: numbers that were learned.
        max_posts: cap on the training posts of each capped source, by its name.
        max_epochs: most epochs that it was allowed.
        epochs: that it had, and the one that dev chose.
        seconds: of this training; of its last part where it was taken up again.
        metrics: as `models.training.run.Trained` has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    data: str
    system: str
    seed: int
    model_version: str
    parameters: int
    max_posts: dict[str, int]
    max_epochs: int
    epochs: int
    best_epoch: int
    seconds: float
    metrics: dict[str, dict[str, dict[str, float]]]


def read_records(folder: Path) -> list[RunRecord]:
    """The finished runs that a folder keeps; a line cut off by a kill is left out.

    Raises:
        TrainingStateError: another line is no run.
    """
    path = folder / RECORDS_FILE
    if not path.is_file():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    records = []
    for number, line in enumerate(whole.split("\n") if whole else (), start=1):
        try:
            records.append(RunRecord.model_validate_json(line))
        except ValidationError as error:
            raise TrainingStateError(
                f"{path}, line {number} is no finished run; remove it to train that run again"
            ) from error
    return records


def run_comparison(
    runs: Sequence[PlannedRun],
    folder: Path,
    featurise: Featuriser,
    observe: Callable[[PlannedRun], Sequence[Observer]] = lambda _: (),
) -> Iterator[RunRecord]:
    """Train what is not finished yet.

    Args:
        runs: in the order in which they are trained.
        folder: keeps the finished runs, and the state of the one that is being trained, so that
            the same call goes on after a kill; made if it is not there.
        featurise: gives what makes the text features for a configuration.
        observe: who is told how a run goes; not asked for a run that is finished.

    Yields:
        The record of each run, as soon as it is finished.

    Raises:
        TrainingDataError: data are not what their reader needs.
        TrainingStateError: the folder's records are damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = {record.key: record for record in read_records(folder)}
    _mend(folder / RECORDS_FILE)
    for run in runs:
        if run.key not in done:
            record = _train(run, folder, featurise, observe(run))
            with (folder / RECORDS_FILE).open("a", encoding="utf-8") as file:
                file.write(record.model_dump_json() + "\n")
            done[run.key] = record
        yield done[run.key]


def _train(
    run: PlannedRun,
    folder: Path,
    featurise: Featuriser,
    observers: Sequence[Observer],
) -> RunRecord:
    own = folder / _RUNS_FOLDER / run.key
    resume = state_path(own).exists()
    began = time.monotonic()
    cache = folder / _ENCODERS_FOLDER
    trained = run_training(run.config, own, featurise(run.config), cache, resume, observers)
    shutil.rmtree(own)
    best = max(trained.history, key=lambda epoch: epoch.validation)
    return RunRecord(
        key=run.key,
        data=run.data,
        system=run.system,
        seed=run.seed,
        model_version=trained.model_version,
        parameters=trained.parameters,
        max_posts={
            source.name: source.max_posts
            for source in run.config.data.sources
            if source.max_posts is not None
        },
        max_epochs=run.config.schedule.epochs,
        epochs=len(trained.history),
        best_epoch=best.epoch,
        seconds=round(time.monotonic() - began, 1),
        metrics={name: dict(tasks) for name, tasks in trained.metrics.items()},
    )


def _mend(path: Path) -> None:
    """Cut off a last line that a kill left without its end."""
    if path.is_file():
        whole, newline, _ = path.read_text(encoding="utf-8").rpartition("\n")
        path.write_text(whole + newline, encoding="utf-8")
