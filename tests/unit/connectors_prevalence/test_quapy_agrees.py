"""QuaPy, the field's library, as the reference on simulated prior shift."""

import numpy as np
import pytest
from numpy.typing import NDArray
from quapy.method.aggregative import ACC, EMQ, PACC

from connectors.prevalence.estimators import (
    adjusted_count,
    expectation_maximisation,
    probabilistic_adjusted_count,
)
from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.posts import Window
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts

CLASSES = np.arange(3)
VALIDATION = draw_posts(PRIOR, 3000, seed=1)
FIT = fit_quantifier(VALIDATION, LABELS, "model-1", prior=PRIOR.tolist())
SHIFTS = np.random.default_rng(7).dirichlet([0.7, 0.7, 0.7], 12)  # some beyond the simplex' edge


def solved(rates: NDArray[np.float64], raw: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ACC.solve_adjustment(
        rates, raw, method="inversion", solver="minimize"
    )
    return found


@pytest.mark.parametrize("shift", range(len(SHIFTS)))
def test_quapy_finds_the_same_shares(shift: int) -> None:
    posteriors = draw_posts(SHIFTS[shift], 400, seed=10 + shift).posteriors
    window = Window.of(posteriors)
    answers = VALIDATION.posteriors.argmax(axis=1)
    hard = ACC.getPteCondEstim(CLASSES, VALIDATION.truth, answers)
    soft = PACC.getPteCondEstim(CLASSES, VALIDATION.truth, VALIDATION.posteriors)
    # its minimiser stops at about 1e-4 of a share
    np.testing.assert_allclose(
        adjusted_count(FIT, window.counts), solved(hard, window.counts / 400), atol=2e-3
    )
    np.testing.assert_allclose(
        probabilistic_adjusted_count(FIT, window.summed),
        solved(soft, window.summed / 400),
        atol=2e-3,
    )
    reference, _ = EMQ.EM(PRIOR, posteriors, epsilon=1e-8)
    np.testing.assert_allclose(expectation_maximisation(FIT, posteriors), reference, atol=1e-3)
