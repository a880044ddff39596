"""What a figure was measured on; without that it says nothing."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
import torch

from models.device import why_no_gpu


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and how busy it was.

    Attributes:
        load_before: running processes on average over 1, 5 and 15 minutes before the benchmark.
    """

    cpu: str
    logical_cores: int
    memory_gib: float
    system: str
    python: str
    torch: str
    load_before: tuple[float, ...]

    def __str__(self) -> str:
        load = ", ".join(f"{each:.1f}" for each in self.load_before)
        return (
            f"{self.cpu}, {self.logical_cores} logical cores, {self.memory_gib} GiB, "
            f"torch {self.torch}, load before {load}"
        )


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        cpu=_cpu(),
        logical_cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=platform.platform(),
        python=platform.python_version(),
        torch=version("torch"),
        load_before=tuple(round(load, 2) for load in os.getloadavg()),
    )


def gpu_name() -> str | None:
    """The GPU that torch computes on; None where there is none."""
    return torch.cuda.get_device_name() if why_no_gpu() is None else None


def gpu_line(gpu: str | None, no_gpu: str | None) -> str:
    """What a benchmark says of the GPU under its table.

    Args:
        gpu: its name.
        no_gpu: why nothing was measured on one.
    """
    return f"GPU: {gpu}" if no_gpu is None else f"no GPU here, nothing measured on one: {no_gpu}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
