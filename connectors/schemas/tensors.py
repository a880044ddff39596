"""Tensors of a post: from their JSON forms to float32 arrays and back.

Not for the envelope around them: that is `codec`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NoReturn

import numpy as np
import pybase64
from numpy.typing import ArrayLike, NDArray

from connectors.schemas.post import JsonObject
from connectors.schemas.rejection import Reason, Rejection

TensorDtype = Literal["float16", "float32", "int8"]

WIRE_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "int8": np.dtype("i1"),
}
_NUMBER_TYPES: Final = frozenset({int, float})


def decode_tensor(
    document: object, *, where: str, width: int, max_steps: int
) -> NDArray[np.float32]:
    """Read one tensor, either form.

    Nothing is allocated before the stated shape is known to be within bounds.

    Args:
        document: a tensor document (dtype, shape, data) or a nested list of numbers.
        where: path of the tensor in the envelope, for the detail.
        width: numbers per step that the feature set asks for.
        max_steps: most steps that the feature set allows.

    Returns:
        A writable float32 array [steps, width], all finite, 1 <= steps <= max_steps.

    Raises:
        Rejection: bad_tensor, whatever is wrong with it.
    """
    if isinstance(document, dict):
        values = _from_document(document, where, width, max_steps)
    elif isinstance(document, list):
        values = _from_rows(document, where, width, max_steps)
    else:
        _bad(where, f"must be a tensor document or a nested list, not {_kind(document)}")
    if not all_finite(values):
        _bad(where, _first_not_finite(values))
    return values


def all_finite(values: NDArray[np.float32]) -> bool:
    """Whether a tensor, [steps, width], holds neither NaN nor infinity."""
    # a sum of squares is quick, and may overflow
    return math.isfinite(np.vdot(values, values)) or bool(np.isfinite(values).all())


def encode_tensor(array: ArrayLike, dtype: TensorDtype = "float16") -> JsonObject:
    """Write one tensor as a document.

    Args:
        array: finite numbers [steps, width], neither of them 0.
        dtype: float16 keeps 11 bits of each number, float32 all; int8 keeps 1/127 of the largest.

    Returns:
        The tensor document: dtype, shape, data and, for int8, scale.

    Raises:
        ValueError: not two-dimensional, empty, not finite, or beyond the range of `dtype`.
    """
    values = np.asarray(array, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"a tensor must be [steps, width] with both over 0, not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(_first_not_finite(values))
    document: JsonObject = {"dtype": dtype, "shape": list(values.shape)}
    if dtype == "int8":
        scale = float(np.abs(values).max()) / 127 or 1.0
        document["scale"] = scale
        values = np.rint(values / scale)
    with np.errstate(over="ignore"):
        wire = values.astype(WIRE_DTYPES[dtype])
    if not np.isfinite(wire).all():
        raise ValueError(f"{np.abs(values).max():g} does not fit into {dtype}; use float32")
    document["data"] = pybase64.b64encode_as_string(wire.tobytes())
    return document


def _from_document(
    document: JsonObject, where: str, width: int, max_steps: int
) -> NDArray[np.float32]:
    name = document.get("dtype")
    dtype = WIRE_DTYPES.get(name) if isinstance(name, str) else None
    if dtype is None:
        _bad(f"{where}.dtype", f"must be one of {', '.join(WIRE_DTYPES)}, not {_short(name)}")
    steps = _steps(document.get("shape"), f"{where}.shape", width, max_steps)
    scale = _scale(document.get("scale"), f"{where}.scale", needed=name == "int8")
    wire = _wire_bytes(document.get("data"), f"{where}.data", steps * width * dtype.itemsize)
    values = np.frombuffer(wire, dtype=dtype).reshape(steps, width)
    if scale is None:
        return values.astype(np.float32)
    with np.errstate(over="ignore"):
        return (values.astype(np.float64) * scale).astype(np.float32)


def _steps(shape: object, where: str, width: int, max_steps: int) -> int:
    match shape:
        case [int() as steps, int() as found] if bool not in {type(steps), type(found)}:
            pass
        case _:
            _bad(where, f"must be [steps, width] as two integers, not {_short(shape)}")
    if found != width:
        _bad(where, f"the feature set asks for width {width}, not {_short(found)}")
    if not 1 <= steps <= max_steps:
        _bad(where, f"steps must be 1 to {max_steps}, not {_short(steps)}")
    return steps


def _scale(scale: object, where: str, *, needed: bool) -> float | None:
    if not needed:
        if scale is not None:
            _bad(where, "only int8 has a scale")
        return None
    if type(scale) not in _NUMBER_TYPES or not isinstance(scale, int | float):
        _bad(where, f"int8 needs a number as its scale, not {_short(scale)}")
    if not (math.isfinite(scale) and scale > 0):
        _bad(where, f"must be finite and over 0, not {scale}")
    return float(scale)


def _wire_bytes(data: object, where: str, expected: int) -> bytes:
    if not isinstance(data, str):
        _bad(where, f"must be base64 text, not {_kind(data)}")
    if len(data) != (expected + 2) // 3 * 4:
        _bad(where, f"{len(data)} base64 characters cannot be the {expected} bytes of the shape")
    try:
        wire = pybase64.b64decode(data, validate=True)
    except ValueError as error:
        _bad(where, f"is not base64: {error}")
    if len(wire) != expected:
        _bad(where, f"{len(wire)} bytes, but the shape and dtype ask for {expected}")
    return wire


def _from_rows(
    rows: Sequence[object], where: str, width: int, max_steps: int
) -> NDArray[np.float32]:
    if not 1 <= len(rows) <= max_steps:
        _bad(where, f"steps must be 1 to {max_steps}, not {len(rows)}")
    for step, row in enumerate(rows):
        if not isinstance(row, list):
            _bad(f"{where}[{step}]", f"must be a list of {width} numbers, not {_kind(row)}")
        if len(row) != width:
            _bad(f"{where}[{step}]", f"the feature set asks for width {width}, not {len(row)}")
        if not _NUMBER_TYPES.issuperset(map(type, row)):
            column = next(at for at, value in enumerate(row) if type(value) not in _NUMBER_TYPES)
            _bad(f"{where}[{step}][{column}]", f"must be a number, not {_kind(row[column])}")
    with np.errstate(over="ignore"):
        return np.array(rows, dtype=np.float64).astype(np.float32)


def _first_not_finite(values: NDArray[Any]) -> str:
    step, column = np.argwhere(~np.isfinite(values))[0]
    return f"[{step}][{column}] is {values[step, column]}; every number must be finite"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _bad(where: str, what: str) -> NoReturn:
    raise Rejection(Reason.BAD_TENSOR, f"{where}: {what}")
