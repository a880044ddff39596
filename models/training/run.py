"""A whole training run: read, train, judge once, write.

Not for the steps (`loop`) nor for what is written (`written`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.device import choose_device
from models.errors import TrainingStateError
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.learner import make_learner
from models.training.loop import Observer, Training
from models.training.sources import load_sources
from models.training.state import EpochReport, read_header, write_history
from models.training.validation import TaskMeasures, validate
from models.training.written import RUN_FOLDER, hold_encoder, require_place, write_trained
from models.tuning.learner import make_tuned_learner, text_preparer

STATE_FILE: Final = "state.safetensors"
LOG_FOLDER: Final = "logs"


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
    cache: Path,
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
        cache: where encoders are unpacked.
        resume: go on with the run that the folder keeps.
        observers: told how it goes.
        stop: asked after each step whether to end.

    Returns:
        What was written.

    Raises:
        TrainingDataError: data are not what their reader needs.
        TrainingStateError: the folder keeps a run and it is not resumed, or the other way round,
            or that run is of other data; or it holds what does not belong to the result.
        TrainingInterruptedError: `stop` said so; the run can be resumed.
        TrainingDivergedError: the loss or the weights are no numbers any more.
    """
    state = state_path(folder)
    if state.exists() and not resume:
        raise TrainingStateError(
            f"{folder} keeps a run that has not ended; go on with it by --resume, "
            f"give another --out, or remove {state.parent}"
        )
    require_place(config, folder)
    held = hold_encoder(config)
    if config.tuning is not None:
        featurise = text_preparer(config.tuning)
    sources = load_sources(config, featurise)
    device = choose_device(config.device)
    if config.tuning is None:
        learner = make_learner(config, sources, device)
    else:
        learner = make_tuned_learner(config, sources, device, cache)
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
    written = write_trained(config, sources, system, folder, cache, held)
    write_history(state.parent, training.history)
    state.unlink(missing_ok=True)
    return Trained(written.model_version, written.parameters, written.metrics, training.history)
