"""Projections onto the simplex and mixtures of rows that fit best."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from connectors.prevalence.simplex import least_squares, project

points = arrays(np.float64, st.integers(2, 7), elements=st.floats(-3, 3, width=32))


@given(points)
def test_a_projection_lies_on_the_simplex_and_nothing_there_is_nearer(
    point: NDArray[np.float64],
) -> None:
    found = project(point)
    assert (found >= 0).all()
    assert np.isclose(found.sum(), 1)
    others = np.random.default_rng(0).dirichlet(np.full(len(point), 0.5), 200)
    nearest = ((others - point) ** 2).sum(axis=1).min()
    assert ((found - point) ** 2).sum() <= nearest + 1e-9


@given(points)
def test_a_point_of_the_simplex_stays_where_it_is(point: NDArray[np.float64]) -> None:
    inside = np.exp(point) / np.exp(point).sum()
    np.testing.assert_allclose(project(inside), inside, atol=1e-12)


@given(st.integers(2, 7), st.integers(0, 2**31))
def test_no_mixture_of_rows_comes_nearer_than_the_least_squares_one(
    classes: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    rows = generator.dirichlet(np.full(classes, 0.4), classes) + 0.05 * np.eye(classes)
    target = generator.dirichlet(np.full(classes, 0.4))
    found = least_squares(rows, target)
    assert (found >= 0).all()
    assert np.isclose(found.sum(), 1)
    loss = ((found @ rows - target) ** 2).sum()
    others = np.vstack([generator.dirichlet(np.full(classes, 0.5), 200), np.eye(classes)])
    assert loss <= ((others @ rows - target) ** 2).sum(axis=1).min() + 1e-9
    nearby = project(found + 0.01 * generator.standard_normal((200, classes)))
    assert loss <= ((nearby @ rows - target) ** 2).sum(axis=1).min() + 1e-9


def test_many_systems_at_once_are_each_solved_as_alone() -> None:
    generator = np.random.default_rng(3)
    rows = generator.dirichlet(np.ones(3), (20, 3)) + np.eye(3)
    targets = generator.dirichlet(np.ones(3), 20)
    together = least_squares(rows, targets)
    alone = [least_squares(own, target) for own, target in zip(rows, targets, strict=True)]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-9)
