"""Keeps a worker and the process of its model each on a core of its own.

Not for which cores the two may use: who starts the worker says that, by `taskset` or a cpuset. Not
for models that compute with several threads or on a GPU: those want more than a core.
"""

import contextlib
import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import psutil

log = logging.getLogger(__name__)

SYSTEM: Final = Path("/sys/devices/system/cpu")


def allowed_cores() -> set[int]:
    """Logical cores that this thread may use; none where the system keeps no thread on one."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def two_cores(allowed: Collection[int], system: Path = SYSTEM) -> tuple[int, int] | None:
    """The first logical core that may be used, and the first that is no other half of its core.

    Args:
        allowed: logical cores that may be used.
        system: where Linux tells which logical cores are of one core.

    Returns:
        None where there are no two. Where nothing is told, each logical core is one of its own.
    """
    ordered = sorted(allowed)
    if not ordered:
        return None
    same = _siblings(ordered[0], system)
    return next(((ordered[0], other) for other in ordered[1:] if other not in same), None)


def keep_apart(model: int) -> None:
    """Keep this process on one core that it may use, and the model's on another.

    Threads that either makes from now on have the core of the one that makes them. Where that
    cannot be, a warning says why, and all stays as it is.

    Args:
        model: id of the model's process, a child of this one.
    """
    allowed = allowed_cores()
    cores = two_cores(allowed)
    if cores is None:
        _warn(f"it takes two cores, and of those there are to use: {sorted(allowed) or 'none'}")
        return
    own, others = cores
    kept = {os.getpid(): own, model: others}
    try:
        for process, core in kept.items():
            _keep(process, {core})
    except (OSError, psutil.Error) as error:
        _let_go(kept, allowed)
        _warn(f"the system refuses it: {error}")
        return
    log.info("the worker stays on core %d and its model on core %d", own, others)


def _siblings(core: int, system: Path) -> set[int]:
    try:
        told = (system / f"cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii")
        spans = [span.split("-") for span in told.strip().split(",")]
        return {each for span in spans for each in range(int(span[0]), int(span[-1]) + 1)}
    except (OSError, ValueError):
        return {core}


def _keep(process: int, cores: Collection[int]) -> None:
    """Keep all threads of a process on cores, also those that are made while it looks."""
    kept: set[int] = set()
    while new := {thread.id for thread in psutil.Process(process).threads()} - kept:
        for thread in new:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread, cores)
        kept |= new


def _let_go(processes: Mapping[int, int], allowed: Collection[int]) -> None:
    for process in processes:
        with contextlib.suppress(OSError, psutil.Error):
            _keep(process, allowed)


def _warn(why: str) -> None:
    log.warning("VOXPOP_AFFINITY=apart has no effect: %s", why)
