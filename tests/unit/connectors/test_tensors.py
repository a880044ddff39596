"""Tensors are read in both forms, and every fault of one is a bad tensor with its place."""

import base64
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from connectors.schemas.rejection import Reason, Rejection
from connectors.schemas.tensors import TensorDtype, decode_tensor, encode_tensor


def document(values: Any, dtype: str = "<f2", **changes: Any) -> dict[str, Any]:
    array = np.asarray(values, dtype)
    name = {"<f2": "float16", "<f4": "float32", "i1": "int8"}[dtype]
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": name, "shape": list(array.shape), "data": data} | changes


def read(tensor: object) -> NDArray[np.float32]:
    return decode_tensor(tensor, where="features.text", width=3, max_steps=4)


def fault(tensor: object) -> str:
    with pytest.raises(Rejection) as caught:
        read(tensor)
    assert caught.value.reason is Reason.BAD_TENSOR
    return caught.value.detail


def test_both_forms_give_the_same_array() -> None:
    rows = [[1.0, -2.0, 3], [0.5, 0.25, 0]]
    np.testing.assert_array_equal(read(rows), read(document(rows)))
    np.testing.assert_array_equal(read(rows), read(document(rows, "<f4")))


def test_numbers_whose_squares_overflow_are_finite_all_the_same() -> None:
    np.testing.assert_array_equal(
        read(document([[3e38, -3e38, 0]], "<f4"))[0, :2], np.array([3e38, -3e38], np.float32)
    )


def test_an_int8_is_its_integer_times_the_scale() -> None:
    np.testing.assert_array_equal(
        read(document([[-128, 0, 127]], "i1", scale=0.5)), [[-64.0, 0.0, 63.5]]
    )


def test_arrays_can_be_written_to() -> None:
    for tensor in (document([[1, 2, 3]], "<f4"), [[1, 2, 3]]):
        assert read(tensor).flags.writeable


GOOD = document([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("tensor", "where"),
    [
        ("AAAA", "features.text:"),
        (7, "features.text:"),
        (True, "features.text:"),
        ({}, "features.text.dtype:"),
        (GOOD | {"dtype": "float64"}, "features.text.dtype:"),
        (GOOD | {"dtype": ["float16"]}, "features.text.dtype:"),
        (GOOD | {"shape": [2]}, "features.text.shape:"),
        (GOOD | {"shape": [2, 3, 1]}, "features.text.shape:"),
        (GOOD | {"shape": [2.0, 3]}, "features.text.shape:"),
        (GOOD | {"shape": [True, 3]}, "features.text.shape:"),
        (GOOD | {"shape": "2x3"}, "features.text.shape:"),
        (GOOD | {"shape": None}, "features.text.shape:"),
        (GOOD | {"shape": [3, 2]}, "features.text.shape:"),
        (GOOD | {"shape": [0, 3], "data": ""}, "features.text.shape:"),
        (GOOD | {"shape": [-2, 3]}, "features.text.shape:"),
        (GOOD | {"shape": [5, 3]}, "features.text.shape:"),
        (GOOD | {"shape": [1, 3]}, "features.text.data:"),
        (GOOD | {"dtype": "float32"}, "features.text.data:"),
        (GOOD | {"data": None}, "features.text.data:"),
        (GOOD | {"data": GOOD["data"][:-1]}, "features.text.data:"),
        (GOOD | {"data": "é" * len(GOOD["data"])}, "features.text.data:"),
        (GOOD | {"data": "-" * len(GOOD["data"])}, "features.text.data:"),
        (GOOD | {"data": GOOD["data"][:-4] + "AA=="}, "features.text.data:"),
        (GOOD | {"scale": 1.0}, "features.text.scale:"),
        (GOOD | {"dtype": "int8"}, "features.text.scale:"),
        (document([[1, 2, 3]], "i1", scale=0), "features.text.scale:"),
        (document([[1, 2, 3]], "i1", scale=True), "features.text.scale:"),
        (document([[1, 2, 3]], "i1", scale="1"), "features.text.scale:"),
        (document([[1, 2, 3]], "i1", scale=float("inf")), "features.text.scale:"),
        (document([[1, 2, 3]], "i1", scale=1e300), "features.text: [0][0]"),
        (document([[1, np.nan, 3]]), "features.text: [0][1]"),
        (document([[1, 2, np.inf]], "<f4"), "features.text: [0][2]"),
        (document([[-np.inf, 2, 3]]), "features.text: [0][0]"),
        ([], "features.text:"),
        ([[1, 2, 3]] * 5, "features.text:"),
        ([[]], "features.text[0]:"),
        ([1, 2, 3], "features.text[0]:"),
        ([[1, 2, 3], [1, 2]], "features.text[1]:"),
        ([[1, 2, 3], None], "features.text[1]:"),
        ([[1, 2, "3"]], "features.text[0][2]:"),
        ([[1, True, 3]], "features.text[0][1]:"),
        ([[1, None, 3]], "features.text[0][1]:"),
        ([[1, [2], 3]], "features.text[0][1]:"),
        ([[1, 1e39, 3]], "features.text: [0][1]"),
    ],
)
def test_every_fault_is_a_bad_tensor_with_its_place(tensor: object, where: str) -> None:
    assert fault(tensor).startswith(where)


def test_an_absurd_shape_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        fault(GOOD | {"shape": [10**9, 3]})
        fault(GOOD | {"shape": [10**9, 10**9]})
        fault(GOOD | {"shape": [10**300, 3]})
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


finite = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.just(3)),
    elements=st.floats(-65_000, 65_000, width=32),
)


@given(finite)
def test_float32_keeps_every_number(values: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(read(encode_tensor(values, "float32")), values)


@given(finite)
def test_float16_keeps_eleven_bits(values: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(read(encode_tensor(values)), values.astype(np.float16))


@given(finite)
def test_int8_is_at_most_half_a_step_off(values: NDArray[np.float32]) -> None:
    tensor = encode_tensor(values, "int8")
    assert np.abs(read(tensor) - values).max() <= tensor["scale"] * 0.5001


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.0, 2.0], "float32"),
        (np.ones((0, 3)), "float32"),
        ([[np.nan]], "float32"),
        ([[np.inf]], "int8"),
        ([[70_000.0]], "float16"),
        ([[1e39]], "float32"),
    ],
)
def test_what_cannot_be_written_is_refused(values: Any, dtype: TensorDtype) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode_tensor(values, dtype)
