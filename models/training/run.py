"""A whole training run: read, train, judge once, write. Not for the steps: that is `loop`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from connectors.schemas.labels import MODALITIES
from models.checkpoint import TrainingRecord, load_checkpoint, save_checkpoint
from models.device import choose_device
from models.errors import TrainingStateError
from models.evaluation.judged import judge
from models.systems import System
from models.systems.folder import SystemCard, save_system
from models.systems.tmsam import TmsamSystem
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.learner import make_learner
from models.training.loop import Observer, Training
from models.training.sources import Source, load_sources
from models.training.state import EpochReport, read_header
from models.training.validation import (
    TaskMeasures,
    has_more_than_text,
    majority_measures,
    task_measures,
    validate,
)

RUN_FOLDER: Final = "training"
STATE_FILE: Final = "state.safetensors"
HISTORY_FILE: Final = "history.json"
LOG_FOLDER: Final = "logs"

NO_VIDEO: Final = (
    "No visual data: the visual branch was fed random features in a share of the conversations. "
    "So the network learns to ignore it; it says nothing about video."
)
TEST_ONCE: Final = "test was scored once, after every choice of this run had been made on dev."
TEXT_ONLY: Final = (
    "The measures named *_text_only were measured with all but the text taken away, as most posts "
    "come."
)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run left.

    Attributes:
        model_version: of what was written.
        parameters: numbers that were learned.
        metrics: split -> task -> measure -> value, of the weights as written.
        history: its epochs.
    """

    model_version: str
    parameters: int
    metrics: Mapping[str, TaskMeasures]
    history: Sequence[EpochReport]


def state_path(folder: Path) -> Path:
    """Where a run that writes to this folder is kept until it ends."""
    return folder / RUN_FOLDER / STATE_FILE


def kept_config(folder: Path) -> TrainingConfig:
    """The configuration of the run that a folder keeps.

    Raises:
        TrainingStateError: it keeps none.
    """
    return read_header(state_path(folder)).config


def run_training(
    config: TrainingConfig,
    folder: Path,
    featurise: Callable[[Corpus], Corpus],
    resume: bool = False,
    observers: Sequence[Observer] = (),
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train as configured and write the best epoch by the dev split.

    Args:
        config: whose sources have paths.
        folder: gets a checkpoint, or a baseline as `models.systems.folder` writes it. In its
            folder `training` lie the state while the run goes on, and its history.
        featurise: gives a corpus what the system reads of its texts.
        resume: go on with the run that the folder keeps.
        observers: told how it goes.
        stop: asked after each step whether to end.

    Returns:
        What was written.

    Raises:
        TrainingDataError: data are not what their reader needs.
        TrainingStateError: the folder keeps a run and it is not resumed, or the other way round,
            or that run is of other data.
        TrainingInterruptedError: `stop` said so; the run can be resumed.
    """
    state = state_path(folder)
    if state.exists() and not resume:
        raise TrainingStateError(
            f"{folder} keeps a run that has not ended; go on with it by --resume, "
            f"give another --out, or remove {state.parent}"
        )
    sources = load_sources(config, featurise)
    learner = make_learner(config, sources, choose_device(config.device))
    training = Training(
        learner,
        sources,
        config,
        lambda system: validate(system, sources, config.model.tasks, config.validation),
        state,
        observers,
        stop,
    )
    if resume:
        training.resume()
    system = training.run()
    trained = write_trained(config, sources, system, training.history, folder)
    state.unlink(missing_ok=True)
    return trained


def write_trained(
    config: TrainingConfig,
    sources: Sequence[Source],
    system: System,
    history: Sequence[EpochReport],
    folder: Path,
) -> Trained:
    """Judge a trained system and write it.

    Args:
        config: it was trained with.
        sources: it was trained on.
        system: changed in place: moved to the CPU, its weights rounded to float16, as they are
            written.
        history: epochs of its training.
        folder: where it goes.
    """
    system.cpu()
    with torch.no_grad():
        for parameter in system.parameters():
            parameter.copy_(parameter.half().float())
    record = TrainingRecord(
        data=", ".join(source.corpus.name for source in sources),
        licence=", ".join(dict.fromkeys(source.corpus.licence for source in sources)),
        seed=config.seed,
        settings=flat_settings(config),
        notes=_notes(sources),
    )
    names = "-".join(source.corpus.name.lower() for source in sources)
    version = f"{config.model.system}-{config.model.preset}-{names}-1"
    metrics = judge_sources(sources, system, config)
    parameters = sum(parameter.numel() for parameter in system.parameters())
    if isinstance(system, TmsamSystem):
        save_checkpoint(folder, system.network, version, record, metrics)
        load_checkpoint(folder)
    else:
        card = SystemCard(
            model_version=version,
            system=config.model.system,
            config=system.config,
            training=record,
            metrics=metrics,
            parameters=parameters,
        )
        save_system(folder, card, system)
    rows = [report.model_dump(mode="json") for report in history]
    kept = folder / RUN_FOLDER / HISTORY_FILE
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return Trained(version, parameters, metrics, history)


def judge_sources(
    sources: Sequence[Source], system: System, config: TrainingConfig
) -> dict[str, TaskMeasures]:
    """Measures on dev and test, with all modalities, with text alone, and of the majority.

    Returns:
        `dev`, `dev_text_only`, `dev_majority`, and the same of `test`; of several sources, each
        name after its source's and a dot.
    """
    tasks = config.model.tasks
    metrics: dict[str, TaskMeasures] = {}
    for source in sources:
        start = f"{source.name}." if len(sources) > 1 else ""
        splits = source.corpus.splits
        for split in ("dev", "test"):
            judged = judge(system, splits[split], MODALITIES)
            metrics[f"{start}{split}"] = task_measures(judged, tasks)
            if has_more_than_text(splits[split]):
                alone = judge(system, splits[split], ("text",))
                metrics[f"{start}{split}_text_only"] = task_measures(alone, tasks)
            guessed = majority_measures(splits["train"], judged, tasks)
            metrics[f"{start}{split}_majority"] = guessed
    return metrics


def flat_settings(config: TrainingConfig) -> dict[str, float | int | str | bool]:
    """What can be said of a configuration in a line a key, without seed and paths.

    Returns:
        Key through the tables, such as `optimiser.batch` -> value.
    """
    flat: dict[str, float | int | str | bool] = {}

    def put(key: str, value: object) -> None:
        if isinstance(value, dict):
            for name, own in value.items():
                put(f"{key}.{name}" if key else str(name), own)
        elif isinstance(value, int | float | str):
            flat[key] = value
        elif isinstance(value, list):
            flat[key] = ", ".join(map(str, value))

    tables = config.model_dump(mode="json", exclude={"seed": True, "data": True})
    tables["data"] = {
        source.name: source.model_dump(mode="json", exclude={"name", "path", "features"})
        for source in config.data.sources
    }
    put("", tables)
    return flat


def _notes(sources: Sequence[Source]) -> list[str]:
    present = {
        name
        for source in sources
        for posts in source.corpus.splits["train"]
        for post in posts
        for name in post.features
    }
    notes = [TEST_ONCE]
    if "visual" not in present:
        notes.insert(0, NO_VIDEO)
    if present > {"text"}:
        notes.append(TEXT_ONLY)
    return notes
