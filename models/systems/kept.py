"""A list of arrays in one file, for what is dear to compute; a damaged file counts as none."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_kept(path: Path) -> list[NDArray[np.int32]] | None:
    """The arrays of a file, each [length, ...]; None where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return np.split(arrays["rows"], np.cumsum(arrays["lengths"])[:-1])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def write_kept(path: Path, arrays: Sequence[NDArray[np.int32]]) -> None:
    """Write at least one array, each [length, ...]; the file is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}-{os.getpid()}.partial.npz")
    lengths = np.array([len(rows) for rows in arrays])
    np.savez(partial, rows=np.concatenate(arrays), lengths=lengths)
    partial.replace(path)
