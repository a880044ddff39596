"""Every arithmetic multiplies as the weights say; int8 gives a row the same bits anywhere."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.streaming.arithmetic import ArithmeticName, Int8Product, make_product
from models.streaming.compiled import compiled, exponential, hyperbolic_tangent, sigmoid

RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.normal(size=(2, 5, 12)).astype(np.float32)
BIAS = RANDOM.normal(size=(2, 5)).astype(np.float32)
ROWS = RANDOM.normal(size=(2, 9, 12)).astype(np.float32)
EXACT = np.einsum("grk,gok->gro", ROWS, WEIGHT) + BIAS[:, None]


@pytest.mark.parametrize(
    ("arithmetic", "tolerance"), [("float32", 1e-5), ("bfloat16", 0.1), ("int8", 0.1)]
)
def test_a_product_is_near_the_exact_one(arithmetic: ArithmeticName, tolerance: float) -> None:
    product = make_product(arithmetic, WEIGHT, BIAS)
    np.testing.assert_allclose(product(list(ROWS)), EXACT, atol=tolerance)


@pytest.mark.parametrize("arithmetic", get_args(ArithmeticName))
def test_groups_may_have_other_numbers_of_rows(arithmetic: ArithmeticName) -> None:
    few, many = make_product(arithmetic, WEIGHT, BIAS)([ROWS[0, :2], ROWS[1]])
    np.testing.assert_allclose(few, EXACT[0, :2], atol=0.1)
    np.testing.assert_allclose(many, EXACT[1], atol=0.1)


def test_a_row_that_holds_no_number_is_multiplied_to_none() -> None:
    rows = ROWS.copy()
    rows[0, 3, 5] = np.nan
    found = Int8Product(WEIGHT, BIAS)(list(rows))[0]
    assert np.isnan(found[3]).all()
    assert np.isfinite(np.delete(found, 3, axis=0)).all()


@pytest.mark.parametrize("row", [np.zeros(12), np.full(12, 3.5), np.full(12, -1e4), -np.ones(12)])
def test_rows_without_spread_are_multiplied_too(row: np.ndarray) -> None:
    rows = np.tile(row.astype(np.float32), (2, 1, 1))
    exact = np.einsum("grk,gok->gro", rows, WEIGHT) + BIAS[:, None]
    found = Int8Product(WEIGHT, BIAS)(list(rows))
    np.testing.assert_allclose(found, exact, rtol=0.02, atol=0.02 * (1 + np.abs(row).max()))


@settings(max_examples=30, deadline=None)
@given(
    rows=arrays.arrays(
        np.float32, (2, 6, 12), elements=st.floats(-100, 100, width=32, allow_subnormal=False)
    )
)
def test_int8_gives_a_row_the_same_bits_alone_and_among_others(rows: np.ndarray) -> None:
    product = Int8Product(WEIGHT, BIAS)
    together = product(list(rows))
    for at in range(rows.shape[1]):
        alone = product(list(rows[:, at : at + 1]))
        np.testing.assert_array_equal([own[at : at + 1] for own in together], alone)


def test_int8_is_the_same_to_the_bit_without_vnni(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = RANDOM.normal(size=(1, 64, 200)).astype(np.float32)
    bias, rows = np.zeros((1, 64), np.float32), RANDOM.normal(size=(1, 33, 200)).astype(np.float32)
    with_vnni = Int8Product(weight, bias)(list(rows))
    monkeypatch.setattr("models.processor.has_vnni", lambda: False)
    np.testing.assert_array_equal(Int8Product(weight, bias)(list(rows)), with_vnni)


@compiled
def _applied(numbers: np.ndarray, out: np.ndarray) -> None:
    for at in range(numbers.shape[0]):
        out[0, at] = exponential(numbers[at])
        out[1, at] = sigmoid(numbers[at])
        out[2, at] = hyperbolic_tangent(numbers[at])


def test_the_compiled_functions_are_those_of_mathematics() -> None:
    numbers = np.linspace(-87, 87, 20_001).astype(np.float32)
    out = np.empty((3, len(numbers)), np.float32)
    _applied(numbers, out)
    wide = numbers.astype(np.float64)
    np.testing.assert_allclose(out[0], np.exp(wide), rtol=1e-6)
    np.testing.assert_allclose(out[1], 1 / (1 + np.exp(-wide)), atol=1e-6)
    np.testing.assert_allclose(out[2], np.tanh(wide), atol=1e-6)


def test_what_is_no_number_stays_none() -> None:
    out = np.empty((3, 1), np.float32)
    _applied(np.array([np.nan], np.float32), out)
    assert np.isnan(out).all()
