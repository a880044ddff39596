"""Feature arrays that lie beside a table: row i of an array belongs to row i of the table."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import TrainingDataError


def read_arrays(
    path: Path, widths: Mapping[str, int], rows: int, gaps: bool = False
) -> dict[str, NDArray[np.float32]]:
    """Arrays of an npz by name; pickled ones are not read.

    Args:
        path: of the npz.
        widths: name -> numbers a row.
        rows: of the table that they belong to.
        gaps: NaN may stand where nothing was measured.

    Returns:
        name -> [rows, width].

    Raises:
        TrainingDataError: no file, no npz, an array is missing or has another shape, infinite
            numbers, or NaN where there may be none.
    """
    if not path.is_file():
        raise TrainingDataError(f"no file {path}; give the path of the features' npz")
    found = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for name in widths:
                if name not in arrays:
                    raise TrainingDataError(f"{path}: no array {name}; found {arrays.files}")
                found[name] = arrays[name]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingDataError(f"{path} cannot be read as an npz: {error}") from error
    return {
        name: _checked(path, name, array, (rows, widths[name]), gaps)
        for name, array in found.items()
    }


def _checked(
    path: Path, name: str, array: NDArray[np.generic], wanted: tuple[int, int], gaps: bool
) -> NDArray[np.float32]:
    if array.shape != wanted or array.dtype.kind not in "fiu":
        raise TrainingDataError(
            f"{path}: {name} must be {list(wanted)} of numbers, a row for each of the table, "
            f"not {list(array.shape)} of {array.dtype}"
        )
    numbers = array.astype(np.float32)
    if np.isinf(numbers).any() or (np.isnan(numbers).any() and not gaps):
        raise TrainingDataError(f"{path}: {name} holds {'' if gaps else 'NaN or '}infinite numbers")
    return numbers
