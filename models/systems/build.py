"""From a system's name to the system."""

from typing import Literal

from models.errors import ModelError
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.tmsam import TmsamSystem

SystemName = Literal["tmsam", "msa", "absa", "lstm"]


def build_system(name: SystemName, config: TmsamConfig) -> System:
    """A system with fresh weights from torch's global random state.

    Args:
        name: which one.
        config: sizes, input widths and form.

    Raises:
        ModelError: no system has that name.
    """
    systems: dict[str, type[System]] = {"tmsam": TmsamSystem}
    if name not in systems:
        raise ModelError(f"unknown system {name!r}; known: {', '.join(systems)}")
    return systems[name](config)
