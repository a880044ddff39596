"""A disk of a few megabytes under a server's folder, which can be filled to the last byte.

A file system in memory, since anything else takes as long to fill as it is large. Mounting one
takes root; where it cannot be done, `unavailable` says why.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1024 * 1024
SIZE_MIB: Final = 192
FILLER: Final = "filler"
CHUNKS: Final = (MEBIBYTE, 4096, 1)


class SmallDisk:
    """One that is mounted.

    Args:
        folder: where; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder))
        self._folder = folder

    def fill(self) -> None:
        """Leave no byte free."""
        with (self._folder / FILLER).open("wb", buffering=0) as filler:
            for chunk in CHUNKS:
                _write_all(filler.fileno(), chunk)

    def free(self) -> None:
        """Give all of that back."""
        (self._folder / FILLER).unlink()

    def unmount(self) -> None:
        """Take it away, with what is on it; whoever still writes there keeps it until then."""
        _run("umount", "--lazy", str(self._folder))


def unavailable() -> str | None:
    """Why no such disk can be had here; None: it can."""
    if os.geteuid() != 0:
        return "a small disk is mounted by root alone"
    with tempfile.TemporaryDirectory(prefix="chaos-disk-") as folder:
        try:
            SmallDisk(Path(folder)).unmount()
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no disk can be mounted here: {error}"
    return None


def _write_all(file: int, chunk: int) -> None:
    zeros = bytes(chunk)
    try:
        while os.write(file, zeros):
            pass
    except OSError:  # full
        return


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
