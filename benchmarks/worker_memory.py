"""Memory of a worker with the process of its model. Not over time: `soak` and `growth` do that."""

from typing import Final

import psutil

_MIB: Final = 2**20


def resident_mib(pid: int) -> float:
    """Resident memory of a process and of those it started, MiB.

    What they share, such as pages of libraries, is in it as often as they have it.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    process = psutil.Process(pid)
    resident = sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    return float(resident) / _MIB
