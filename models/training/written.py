"""What a training run leaves: judged once, calibrated, and on disk in the form that is read again.

Not for training it: that is `run`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from connectors.schemas.labels import MODALITIES
from models.calibration import Calibration
from models.card import (
    CHECKPOINT_FILES,
    ENCODER_FILE,
    TOKENIZER_FILE,
    TextEncoderCard,
    TrainingRecord,
    read_card,
    read_held_file,
)
from models.checkpoint import load_checkpoint, save_checkpoint
from models.errors import TrainingStateError
from models.evaluation.calibration import fit_calibration
from models.evaluation.judged import joined, judge
from models.systems import System
from models.systems.folder import SYSTEM_FILES, SystemCard, save_system
from models.systems.tmsam import TmsamSystem
from models.training.config import TrainingConfig
from models.training.featurise import encoder_checkpoint
from models.training.sources import Source
from models.training.validation import (
    TaskMeasures,
    has_more_than_text,
    majority_measures,
    task_measures,
)
from models.tuning.served import served_form
from models.tuning.system import TunedSystem

RUN_FOLDER: Final = "training"
NO_VIDEO: Final = (
    "No visual data: the visual branch was fed random features in a share of the conversations. "
    "So the network learns to ignore it; it says nothing about video."
)
TEST_ONCE: Final = "test was scored once, after every choice of this run had been made on dev."
CALIBRATED: Final = (
    "The calibration was fitted on dev, so its expected calibration error there says little."
)
TEXT_ONLY: Final = (
    "The measures named *_text_only were measured with all but the text taken away, as most posts "
    "come."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        parameters: numbers that were learned.
        metrics: split -> task -> measure -> value, of the weights as written.
    """

    model_version: str
    parameters: int
    metrics: Mapping[str, TaskMeasures]


@dataclass(frozen=True, slots=True)
class HeldEncoder:
    """The text encoder of a checkpoint, kept as it is when a run begins.

    Attributes:
        card: what it is.
        files: name -> bytes.
    """

    card: TextEncoderCard
    files: Mapping[str, bytes]


def hold_encoder(config: TrainingConfig) -> HeldEncoder | None:
    """The text encoder that a configuration asks for; None: the published one, or a tuned one.

    Raises:
        CheckpointError: it names a folder that is no checkpoint.
    """
    source = encoder_checkpoint(config)
    card = None if source is None else read_card(source).text_encoder
    if source is None or card is None:
        return None
    sums = {ENCODER_FILE: card.model_sha256, TOKENIZER_FILE: card.tokenizer_sha256}
    files = {name: read_held_file(source / name, sha256) for name, sha256 in sums.items()}
    return HeldEncoder(card, files)


def require_place(config: TrainingConfig, folder: Path) -> None:
    """See to it that what a run writes can lie in a folder, before it trains.

    Raises:
        TrainingStateError: it holds something else.
    """
    tuning = config.tuning
    is_checkpoint = config.model.system == "tmsam" and (tuning is None or tuning.network)
    own = CHECKPOINT_FILES if is_checkpoint else SYSTEM_FILES
    held = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    strange = sorted(
        name for name in held if name not in (*own, RUN_FOLDER) and not name.startswith(".")
    )
    if strange:
        raise TrainingStateError(
            f"{folder} holds what does not belong beside the result of this run: "
            f"{', '.join(strange)}; give another --out"
        )


def write_trained(
    config: TrainingConfig,
    sources: Sequence[Source],
    system: System,
    folder: Path,
    cache: Path,
    held: HeldEncoder | None = None,
) -> Written:
    """Judge a trained system and write it.

    Args:
        config: it was trained with.
        sources: it was trained on.
        system: changed in place: moved to the CPU, its weights rounded to float16, as they are
            written. An encoder under the network is rounded as it is served, to int8.
        folder: where it goes: a checkpoint, or a system as `models.systems.folder` writes it.
        cache: where encoders are unpacked.
        held: the text encoder that made the text features; None: the published one.
    """
    system.cpu()
    parameters = sum(own.numel() for own in system.parameters())
    encoder: TextEncoderCard | None = None
    if isinstance(system, TunedSystem) and system.network is not None:
        system, encoder, sources = served_form(system, sources, config, folder, cache)
    elif held is not None:
        encoder = held.card
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in held.files.items():
            (folder / name).write_bytes(content)
    with torch.no_grad():
        for parameter in system.parameters():
            parameter.copy_(parameter.half().float())
    record = TrainingRecord(
        data=", ".join(source.corpus.name for source in sources),
        licence=", ".join(dict.fromkeys(source.corpus.licence for source in sources)),
        seed=config.seed,
        settings=flat_settings(config),
        notes=[*_begun_with(config), *_notes(sources)],
    )
    calibration = calibrate(sources, system, config)
    metrics = judge_sources(sources, system, config, calibration)
    version = _version(config, sources)
    if isinstance(system, TmsamSystem):
        save_checkpoint(folder, system.network, version, record, metrics, calibration, encoder)
        load_checkpoint(folder)
    else:
        card = SystemCard(
            model_version=version,
            system=config.model.system,
            config=system.config,
            tuning=config.tuning,
            text_encoder=encoder,
            calibration=calibration,
            training=record,
            metrics=metrics,
            parameters=parameters,
        )
        save_system(folder, card, system)
    return Written(version, parameters, metrics)


def calibrate(sources: Sequence[Source], system: System, config: TrainingConfig) -> Calibration:
    """A calibration of the trained tasks, from the dev splits that decide the validation."""
    dev = [
        judge(system, source.corpus.splits["dev"])
        for source in sources
        if config.validation.source in (None, source.name)
    ]
    fitted = fit_calibration(joined(dev))
    return Calibration.model_validate({task: getattr(fitted, task) for task in config.model.tasks})


def judge_sources(
    sources: Sequence[Source], system: System, config: TrainingConfig, calibration: Calibration
) -> dict[str, TaskMeasures]:
    """Measures on dev and test, with all modalities, with text alone, and of the majority.

    Args:
        sources: whose dev and test are judged.
        system: judged.
        config: of its training.
        calibration: of its probabilities.

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
            metrics[f"{start}{split}"] = task_measures(judged, tasks, calibration)
            if has_more_than_text(splits[split]):
                alone = judge(system, splits[split], ("text",))
                metrics[f"{start}{split}_text_only"] = task_measures(alone, tasks, calibration)
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

    tables = config.model_dump(mode="json", exclude={"seed", "data", "text_encoder"})
    tables["data"] = {
        source.name: source.model_dump(mode="json", exclude={"name", "path", "features"})
        for source in config.data.sources
    }
    put("", tables)
    return flat


def _begun_with(config: TrainingConfig) -> list[str]:
    folder = encoder_checkpoint(config) if config.model.go_on else None
    return [] if folder is None else [f"the network began with that of {read_card(folder).version}"]


def _notes(sources: Sequence[Source]) -> list[str]:
    present = {
        name
        for source in sources
        for posts in source.corpus.splits["train"]
        for post in posts
        for name in post.features
    }
    notes = [TEST_ONCE, CALIBRATED]
    if "visual" not in present:
        notes.insert(0, NO_VIDEO)
    if any(has_more_than_text(source.corpus.splits["train"]) for source in sources):
        notes.append(TEXT_ONLY)
    return notes


def _version(config: TrainingConfig, sources: Sequence[Source]) -> str:
    names = "-".join(source.corpus.name.lower() for source in sources)
    tuning = config.tuning
    form: str = config.model.preset
    if tuning is not None:
        form = f"{form}-{tuning.encoder}" if tuning.network else tuning.encoder
    return f"{config.model.system}-{form}-{names}-1"
