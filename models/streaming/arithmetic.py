"""Products of rows with weights, in the arithmetic that a processor is fast at.

Int8 gives a row the same bits whatever rows are beside it: each row has a scale of its own, and
sums of integers have no order. float32 and bfloat16 differ in their last bits by the batch's shape.
"""

from typing import Final, Literal, Protocol

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.processor import session_options
from models.streaming.compiled import compiled
from models.streaming.weights import Rows

ArithmeticName = Literal["int8", "bfloat16", "float32"]

_LEVELS: Final = 127  # of a weight, on each side of 0
_TOP: Final = np.float32(255.0)  # level of a row's largest value; its least has 0
_LEAST_STEP: Final = np.float32(1e-20)  # of a row whose values are all the same
_HALF: Final = np.float32(0.5)
_ZERO: Final = np.float32(0.0)


class Product(Protocol):
    """A dense layer without activation, for each of G groups."""

    def __call__(self, rows: Rows) -> Rows:
        """[G, R, in] -> [G, R, out]."""


class Float32Product:
    """Torch's own products.

    Args:
        weight: [G, out, in].
        bias: [G, out].
    """

    def __init__(self, weight: Rows, bias: Rows) -> None:
        self._weight = torch.from_numpy(weight).transpose(1, 2)  # [G, in, out]
        self._bias = torch.from_numpy(bias)[:, None]  # [G, 1, out]

    def __call__(self, rows: Rows) -> Rows:
        """See `Product`."""
        with torch.inference_mode():
            product = torch.baddbmm(self._bias, torch.from_numpy(rows), self._weight)
        found: Rows = product.numpy()
        return found


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

    def __call__(self, rows: Rows) -> Rows:
        """See `Product`."""
        with torch.inference_mode():
            products = [
                torch.nn.functional.linear(torch.from_numpy(own).bfloat16(), weight, bias).float()
                for own, (weight, bias) in zip(rows, self._layers, strict=True)
            ]
        return torch.stack(products).numpy()


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
        self._session = _session(np.ascontiguousarray(levels.transpose(0, 2, 1)))

    def __call__(self, rows: Rows) -> Rows:
        """See `Product`."""
        groups, count, width = rows.shape
        levels = np.empty((groups, count, width), np.uint8)
        scales = np.empty((groups, count), np.float32)
        zeros = np.empty((groups, count), np.int32)
        _quantise(rows, levels, scales, zeros)
        (sums,) = self._session.run(None, {"rows": levels})  # [G, R, out]
        out = np.empty(sums.shape, np.float32)
        _restore(sums, scales, zeros, self._steps, self._sums, self._bias, out)
        return out


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


def _session(levels: NDArray[np.int8]) -> onnxruntime.InferenceSession:
    """A graph of one integer product with these weights, [G, in, out]."""
    groups, width, out = levels.shape
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["rows", "weight"], ["sums"])],
        "product",
        [helper.make_tensor_value_info("rows", TensorProto.UINT8, [groups, None, width])],
        [helper.make_tensor_value_info("sums", TensorProto.INT32, [groups, None, out])],
        [numpy_helper.from_array(levels, "weight")],
    )
    opset = helper.make_opsetid("", 21)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=10)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"]
    )


@compiled
def _quantise(
    rows: Rows, levels: NDArray[np.uint8], scales: NDArray[np.float32], zeros: NDArray[np.int32]
) -> None:
    """Each row from its least value, level 0, to its largest, level 255; 0 is a level itself."""
    groups, count, width = rows.shape
    for group in range(groups):
        for at in range(count):
            row = rows[group, at]
            least = _ZERO
            largest = _ZERO
            for i in range(width):
                least = min(least, row[i])
                largest = max(largest, row[i])
            scale = max((largest - least) / _TOP, _LEAST_STEP)
            inverse = np.float32(1.0) / scale
            zero = np.floor(-least * inverse + _HALF)
            shift = zero + _HALF
            own = levels[group, at]
            for i in range(width):
                level = min(max(row[i] * inverse + shift, _ZERO), _TOP)
                own[i] = np.uint8(np.int32(level))
            scales[group, at] = scale
            zeros[group, at] = np.int32(zero)


@compiled
def _restore(
    sums: NDArray[np.int32],
    scales: NDArray[np.float32],
    zeros: NDArray[np.int32],
    steps: NDArray[np.float32],
    weights: NDArray[np.int32],
    bias: NDArray[np.float32],
    out: Rows,
) -> None:
    """Sums of levels as the numbers that they stand for."""
    groups, count, width = sums.shape
    for group in range(groups):
        step = steps[group]
        weight = weights[group]
        add = bias[group]
        for at in range(count):
            scale = scales[group, at]
            zero = zeros[group, at]
            own = sums[group, at]
            row = out[group, at]
            for i in range(width):
                row[i] = np.float32(own[i] - zero * weight[i]) * (scale * step[i]) + add[i]
