"""A trained baseline or larger encoder as a folder, `system.safetensors` and `system.json`.

Pickle is never read. An encoder has its `config.json` and `tokenizer.json` beside it.

Not for the network, which is a checkpoint that can be served (`models.checkpoint`); `load_system`
reads both, to judge them side by side.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from models.calibration import Calibration
from models.card import (
    CARD_FILE,
    ENCODER_FILE,
    Task,
    TextEncoderCard,
    TrainingRecord,
    read_held_file,
)
from models.checkpoint import load_checkpoint
from models.errors import CheckpointError
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.build import SystemName, build_system, reads_dependencies
from models.systems.tmsam import TmsamSystem
from models.tuning.build import tuned_system
from models.tuning.encoders import CONFIG_FILE, TOKENIZER_FILE
from models.tuning.settings import TuningSettings
from models.tuning.system import TunedSystem

WEIGHTS_FILE: Final = "system.safetensors"
SYSTEM_FILE: Final = "system.json"
SYSTEM_FILES: Final = (SYSTEM_FILE, WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE, ENCODER_FILE)


class SystemCard(BaseModel):
    """What `system.json` holds.

    Attributes:
        tuning: how its encoder was trained; None: it has none of its own.
        text_encoder: what made the text features that it reads; None: all-MiniLM-L6-v2 as it was
            published.
        calibration: what makes probabilities of the logits.
        metrics: split -> task -> measure -> value; shares in [0, 1].
        weights_sha256: of `system.safetensors`; `save_system` sets it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[2] = 2  # 1 had no checksum
    model_version: str
    system: SystemName
    config: TmsamConfig
    tuning: TuningSettings | None = None
    text_encoder: TextEncoderCard | None = None
    calibration: Calibration = Calibration()
    training: TrainingRecord
    metrics: dict[str, dict[str, dict[str, float]]]
    parameters: int
    weights_sha256: str = ""


def save_system(folder: Path, card: SystemCard, system: System) -> None:
    """Write a system and its card, with the checksum; an existing one in the folder is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(system, TunedSystem):
        system.save_form(folder)
    state = {name: own.detach().cpu().contiguous() for name, own in system.state_dict().items()}
    weights = save(state)
    held = card.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / SYSTEM_FILE).write_text(held.model_dump_json(indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class LoadedSystem:
    """What a training run wrote.

    Attributes:
        name: which one it is.
        system: in evaluation mode, on the CPU.
        calibration: of its probabilities.
        tasks: that it was trained for.
        tuning: how it reads texts; None: as text features.
        text_encoder: in its folder, makes those features; None: all-MiniLM-L6-v2 as it was
            published.
    """

    name: SystemName
    system: System
    model_version: str
    calibration: Calibration
    tasks: tuple[Task, ...]
    tuning: TuningSettings | None = None
    text_encoder: TextEncoderCard | None = None

    @property
    def reads_dependencies(self) -> bool:
        """Whether posts that it is to judge have to be parsed."""
        return reads_dependencies(self.name, self.system.config.text_graph)


def load_system(folder: Path) -> LoadedSystem:
    """Read what a training run wrote: a checkpoint or a baseline.

    Raises:
        CheckpointError: the folder holds neither, or not what its card says.
    """
    if (folder / CARD_FILE).is_file() or not (folder / SYSTEM_FILE).is_file():
        network, card = load_checkpoint(folder)
        whole = TmsamSystem(card.config)
        whole.network.load_state_dict(network.state_dict())
        return LoadedSystem(
            "tmsam",
            whole.eval(),
            card.version,
            card.calibration,
            card.training.tasks,
            text_encoder=card.text_encoder,
        )
    try:
        own = SystemCard.model_validate_json((folder / SYSTEM_FILE).read_bytes())
        if own.tuning is None:
            system = build_system(own.system, own.config)
        else:
            system = tuned_system(own.tuning, own.config, folder, pretrained=False)
        weights = read_held_file(folder / WEIGHTS_FILE, own.weights_sha256, SYSTEM_FILE)
        system.load_state_dict(load(weights))
    except (OSError, ValidationError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} holds no trained system: {error}") from error
    return LoadedSystem(
        own.system,
        system.eval(),
        own.model_version,
        own.calibration,
        own.training.tasks,
        own.tuning,
        own.text_encoder,
    )
