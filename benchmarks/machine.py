"""What a figure was measured on, when and of which code; without that it says nothing."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
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
        began: the minute in which it began, ISO 8601 in UTC.
        code: the commit that was measured, `-dirty` where tracked files differ from it; None where
            this is no checkout.
    """

    cpu: str
    logical_cores: int
    memory_gib: float
    system: str
    python: str
    torch: str
    load_before: tuple[float, ...]
    began: str
    code: str | None

    def __str__(self) -> str:
        load = ", ".join(f"{each:.1f}" for each in self.load_before)
        code = f", commit {self.code}" if self.code else ""
        return (
            f"{self.cpu}, {self.logical_cores} logical cores, {self.memory_gib} GiB, "
            f"torch {self.torch}, load before {load}, {self.began}{code}"
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
        began=datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        code=commit_of(Path(__file__)),
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


def commit_of(file: Path) -> str | None:
    """The commit that a file is checked out of, see `Machine.code`.

    A file that is installed within another project's checkout is not of that one's commit.
    """
    try:
        _git(file.parent, "ls-files", "--error-unmatch", file.name)
        return _git(file.parent, "describe", "--always", "--dirty", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        command, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
