"""Keeps a worker and the process of its model each on a core of its own.

Not for which cores the two may use: who starts the worker says that, by `taskset` or a cpuset.
"""

import contextlib
import logging
import os

import psutil

log = logging.getLogger(__name__)

NEEDED_CORES = 2


def keep_apart(model: int) -> None:
    """Keep this process on the first core that it may use, and the model's on the second.

    Threads that either makes from now on have the core of the one that makes them. Where there are
    no two cores, or the system keeps no thread on one, a warning says so and all stays as it is.

    Args:
        model: id of the model's process, a child of this one.
    """
    cores = _cores()
    if len(cores) < NEEDED_CORES:
        log.warning(
            "VOXPOP_AFFINITY=apart has no effect: the worker may use %s",
            f"core {cores[0]} alone" if cores else "any core, and this system keeps it on none",
        )
        return
    own, others = cores[:NEEDED_CORES]
    _keep(os.getpid(), own)
    _keep(model, others)
    log.info("the worker stays on core %d and its model on core %d", own, others)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _keep(process: int, core: int) -> None:
    """Keep all threads of a process on a core, also those that are made while it looks."""
    kept: set[int] = set()
    while new := {thread.id for thread in psutil.Process(process).threads()} - kept:
        for thread in new:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread, {core})
        kept |= new
