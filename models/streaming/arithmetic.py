"""Products of rows with weights, in the arithmetic that a processor is fast at.

Int8 gives a row the same bits whatever rows are beside it: each row has a scale of its own, and
sums of integers have no order. float32 and bfloat16 differ in their last bits by the batch's shape.
"""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.processor import session_options
from models.streaming.compiled import as_bits, as_float, compiled
from models.streaming.weights import Rows

ArithmeticName = Literal["int8", "bfloat16", "float32"]

_LEVELS: Final = 127  # of a weight, on each side of 0
_TOP: Final = np.float32(255.0)  # level of a row's largest value; its least has 0
_LEAST_STEP: Final = np.float32(1e-20)  # of a row whose values are all the same
_HALF: Final = np.float32(0.5)
_ZERO: Final = np.float32(0.0)
_NOTHING: Final = np.int32(0)  # bits of 0.0


class Product(Protocol):
    """A dense layer without activation, for each of G groups."""

    def __call__(self, rows: Sequence[Rows]) -> list[Rows]:
        """For each group [R, in] -> [R, out]; groups may have other numbers of rows."""


class Float32Product:
    """Torch's own products.

    Args:
        weight: [G, out, in].
        bias: [G, out].
    """

    def __init__(self, weight: Rows, bias: Rows) -> None:
        self._layers = [
            (torch.from_numpy(own), torch.from_numpy(add))
            for own, add in zip(weight, bias, strict=True)
        ]

    def __call__(self, rows: Sequence[Rows]) -> list[Rows]:
        """See `Product`."""
        with torch.inference_mode():
            return [
                torch.nn.functional.linear(torch.from_numpy(own), weight, bias).numpy()
                for own, (weight, bias) in zip(rows, self._layers, strict=True)
            ]


class BFloat16Product:
    """Torch's products of bfloat16, given in float32.

    Args:
        weight: [G, out, in].
        bias: [G, out].
    """

    def __init__(self, weight: Rows, bias: Rows) -> None:
        self._layers = [
            (torch.from_numpy(own).bfloat16(), torch.from_numpy(add).bfloat16())
            for own, add in zip(weight, bias, strict=True)
        ]

    def __call__(self, rows: Sequence[Rows]) -> list[Rows]:
        """See `Product`."""
        with torch.inference_mode():
            return [
                torch.nn.functional.linear(torch.from_numpy(own).bfloat16(), weight, bias)
                .float()
                .numpy()
                for own, (weight, bias) in zip(rows, self._layers, strict=True)
            ]


class Int8Product:
    """Products of 8-bit integers by ONNX Runtime: weights have a scale an output, rows one each.

    Args:
        weight: [G, out, in].
        bias: [G, out].
    """

    def __init__(self, weight: Rows, bias: Rows) -> None:
        steps = np.abs(weight).max(axis=2) / _LEVELS  # [G, out]
        steps[steps == 0] = 1
        levels = np.round(weight / steps[:, :, None]).astype(np.int8)  # [G, out, in]
        self._steps = steps.astype(np.float32)
        self._sums = levels.sum(axis=2, dtype=np.int32)  # [G, out]
        self._bias = np.ascontiguousarray(bias, np.float32)
        self._groups = [f"rows{group}" for group in range(len(levels))]
        self._session = _session(self._groups, levels.transpose(0, 2, 1))

    def __call__(self, rows: Sequence[Rows]) -> list[Rows]:
        """See `Product`."""
        quantised = [_quantised(own) for own in rows]
        feeds = {name: levels for name, (levels, _) in zip(self._groups, quantised, strict=True)}
        found: list[NDArray[np.int32]] = self._session.run(None, feeds)  # each [R, out]
        for group, (sums, (_, scales)) in enumerate(zip(found, quantised, strict=True)):
            _restore(sums, scales, self._steps[group], self._sums[group], self._bias[group])
        return [sums.view(np.float32) for sums in found]


def make_product(arithmetic: ArithmeticName, weight: Rows, bias: Rows) -> Product:
    """A product in one of the arithmetics.

    Args:
        arithmetic: which.
        weight: [G, out, in].
        bias: [G, out].
    """
    weight = np.ascontiguousarray(weight, np.float32)
    bias = np.ascontiguousarray(bias, np.float32)
    if arithmetic == "int8":
        return Int8Product(weight, bias)
    if arithmetic == "bfloat16":
        return BFloat16Product(weight, bias)
    return Float32Product(weight, bias)


def _session(groups: Sequence[str], levels: NDArray[np.int8]) -> onnxruntime.InferenceSession:
    """A graph of one integer product for each group, with these weights, [G, in, out].

    Each has a weight of its own in two dimensions: any other is laid out anew at every call.
    """
    _, width, out = levels.shape
    graph = helper.make_graph(
        [
            helper.make_node("MatMulInteger", [name, f"{name}_weight"], [f"{name}_sums"])
            for name in groups
        ],
        "products",
        [helper.make_tensor_value_info(name, TensorProto.UINT8, [None, width]) for name in groups],
        [
            helper.make_tensor_value_info(f"{name}_sums", TensorProto.INT32, [None, out])
            for name in groups
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(own), f"{name}_weight")
            for name, own in zip(groups, levels, strict=True)
        ],
    )
    opset = helper.make_opsetid("", 21)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"]
    )


def _quantised(rows: Rows) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Levels, [R, in], and the scale and the level of 0 of each row, [R, 2]."""
    levels = np.empty(rows.shape, np.uint8)
    scales = np.empty((len(rows), 2), np.float32)
    _quantise(rows, levels, scales)
    return levels, scales


@compiled
def _quantise(rows: Rows, levels: NDArray[np.uint8], scales: Rows) -> None:
    """Each row from its least value, level 0, to its largest, level 255; 0 is a level itself."""
    count, width = rows.shape
    for at in range(count):
        row = rows[at]
        below = _NOTHING
        above = _NOTHING
        for i in range(width):  # floats above 0 have the order of their bits, which is vector code
            below = max(below, as_bits(-row[i]))
            above = max(above, as_bits(row[i]))
        least, largest = -as_float(below), as_float(above)
        scale = max((largest - least) / _TOP, _LEAST_STEP)
        inverse = np.float32(1.0) / scale
        zero = np.floor(-least * inverse + _HALF)
        shift = zero + _HALF
        own = levels[at]
        for i in range(width):
            level = min(max(row[i] * inverse + shift, _ZERO), _TOP)
            own[i] = np.uint8(np.int32(level))
        scales[at, 0] = scale
        scales[at, 1] = zero


@compiled
def _restore(
    sums: NDArray[np.int32], scales: Rows, steps: Rows, weights: NDArray[np.int32], bias: Rows
) -> None:
    """Sums of levels become the bits of the numbers that they stand for."""
    count, width = sums.shape
    for at in range(count):
        scale, zero = scales[at, 0], np.int32(scales[at, 1])
        own = sums[at]
        for i in range(width):  # casts: numba would widen to 64 bits
            whole = np.int32(own[i] - np.int32(zero * weights[i]))
            own[i] = as_bits(np.float32(whole) * (scale * steps[i]) + bias[i])
