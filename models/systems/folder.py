"""A trained baseline as a folder: `system.safetensors` and `system.json`. Pickle is never read.

Not for the network, which is a checkpoint that can be served (`models.checkpoint`); `load_system`
reads both, to judge them side by side.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from models.checkpoint import CARD_FILE, TrainingRecord, load_checkpoint
from models.errors import CheckpointError
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.build import SystemName, build_system
from models.systems.tmsam import TmsamSystem

WEIGHTS_FILE: Final = "system.safetensors"
SYSTEM_FILE: Final = "system.json"


class SystemCard(BaseModel):
    """What `system.json` holds.

    Attributes:
        metrics: split -> task -> measure -> value; shares in [0, 1].
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    model_version: str
    system: SystemName
    config: TmsamConfig
    training: TrainingRecord
    metrics: dict[str, dict[str, dict[str, float]]]
    parameters: int


def save_system(folder: Path, card: SystemCard, system: System) -> None:
    """Write a baseline; an existing one in the folder is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: own.detach().cpu().contiguous() for name, own in system.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)
    (folder / SYSTEM_FILE).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load_system(folder: Path) -> tuple[System, str]:
    """Read what a training run wrote: a checkpoint or a baseline.

    Returns:
        The system in evaluation mode, on the CPU, and its model version.

    Raises:
        CheckpointError: the folder holds neither, or not what its card says.
    """
    if (folder / CARD_FILE).is_file() or not (folder / SYSTEM_FILE).is_file():
        network, card = load_checkpoint(folder)
        whole = TmsamSystem(card.config)
        whole.network.load_state_dict(network.state_dict())
        return whole.eval(), card.model_version
    try:
        own = SystemCard.model_validate_json((folder / SYSTEM_FILE).read_bytes())
        system = build_system(own.system, own.config)
        system.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (OSError, ValidationError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} holds no trained system: {error}") from error
    return system.eval(), own.model_version
