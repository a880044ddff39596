"""What can be trained and judged side by side: the network and the baselines, behind one interface.

Not the network itself (`models.tmsam`), and not how it is served (`models.engine`).
"""

from models.systems.base import System
from models.systems.build import SystemName, build_system, reads_dependencies

__all__ = ["System", "SystemName", "build_system", "reads_dependencies"]
