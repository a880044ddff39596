"""From a system's name to the system."""

from typing import Literal

from models.errors import ModelError
from models.presets import TextGraph, TmsamConfig
from models.systems.absa import AbsaSystem
from models.systems.base import System
from models.systems.lstm import LstmSystem
from models.systems.msa import MsaSystem
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
    systems: dict[str, type[System]] = {
        "tmsam": TmsamSystem,
        "msa": MsaSystem,
        "absa": AbsaSystem,
        "lstm": LstmSystem,
    }
    if name not in systems:
        raise ModelError(f"unknown system {name!r}; known: {', '.join(systems)}")
    return systems[name](config)


def reads_dependencies(name: SystemName, graph: TextGraph) -> bool:
    """Whether a system with this graph in its configuration looks at the posts' dependency edges.

    Posts are parsed where it does: ABSA is about the tree, whatever the configuration says.
    """
    return name == "absa" or (name == "tmsam" and graph == "dependencies")
