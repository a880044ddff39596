"""Loops over numbers that numba compiles, and the few instructions that Python has no words for.

Every compiled function gives a row the same bits whatever rows are beside it. Sums may be taken in
another order than written; NaN and infinity stay what they are. The interpreter's lock is kept: a
loop is over sooner than a busy event loop would give the lock back.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., object])

_LOG2_E: Final = np.float32(1.4426950408889634)
_LN2_HIGH: Final = np.float32(0.693359375)
_LN2_LOW: Final = np.float32(-2.12194440e-4)
_LEAST: Final = np.float32(-87.0)  # its power of e is the smallest normal float32
_LARGEST: Final = np.float32(88.0)
_HALF: Final = np.float32(0.5)
_ONE: Final = np.float32(1.0)
_TWO: Final = np.float32(2.0)


def compiled(function: Function) -> Function:
    """The function as machine code, made at its first call and kept on disk."""
    fast = {"reassoc", "contract", "arcp", "nsz"}
    return cast("Function", njit(fastmath=fast, error_model="numpy", cache=True)(function))


def inlined(function: Function) -> Function:
    """As `compiled`, for a function of a few lines that loops call."""
    fast = {"reassoc", "contract", "arcp", "nsz"}
    return cast("Function", njit(fastmath=fast, error_model="numpy")(function))


@intrinsic  # type: ignore[untyped-decorator]
def to_float(typing_context: Any, half: Any) -> Any:  # noqa: ARG001 - the signature is numba's
    """float32 of the bits of a float16, uint16."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fpext(builder.bitcast(arguments[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), generate


@intrinsic  # type: ignore[untyped-decorator]
def to_half(typing_context: Any, number: Any) -> Any:  # noqa: ARG001 - see above
    """Bits of the float16, uint16, nearest to a float32."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.fptrunc(arguments[0], ir.HalfType()), ir.IntType(16))

    return types.uint16(types.float32), generate


@intrinsic  # type: ignore[untyped-decorator]
def as_float(typing_context: Any, bits: Any) -> Any:  # noqa: ARG001 - see above
    """The float32 that has these bits, int32."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic  # type: ignore[untyped-decorator]
def as_bits(typing_context: Any, number: Any) -> Any:  # noqa: ARG001 - see above
    """Bits of a float32, int32."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@inlined
def exponential(x: np.float32) -> np.float32:
    """E to the power of x without a call, so that loops over it become vector code.

    Relative error below 2e-7; x is taken into [-87, 88], NaN stays NaN.

    Source: Moshier, Cephes library, `expf`: range reduction and polynomial.
    """
    x = min(max(x, _LEAST), _LARGEST)
    whole = np.floor(x * _LOG2_E + _HALF)
    rest = x - whole * _LN2_HIGH
    rest = rest - whole * _LN2_LOW
    y = np.float32(1.9875691500e-4)
    y = y * rest + np.float32(1.3981999507e-3)
    y = y * rest + np.float32(8.3334519073e-3)
    y = y * rest + np.float32(4.1665795894e-2)
    y = y * rest + np.float32(1.6666665459e-1)
    y = y * rest + np.float32(5.0000001201e-1)
    y = y * rest * rest + rest + _ONE
    power = (np.int32(whole) + np.int32(127)) << np.int32(23)
    return y * as_float(np.int32(power))  # type: ignore[no-any-return]


@inlined
def sigmoid(x: np.float32) -> np.float32:
    """1 / (1 + exp(-x))."""
    return _ONE / (_ONE + exponential(-x))


@inlined
def hyperbolic_tangent(x: np.float32) -> np.float32:
    """Tangens hyperbolicus, absolute error below 3e-7."""
    return _TWO * sigmoid(_TWO * x) - _ONE
