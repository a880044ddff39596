"""The rate of false discoveries is what it says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from connectors.alerts.discovery import adjusted


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_values_are_those_of_benjamini_and_hochberg(p_values: list[float]) -> None:
    found = adjusted(np.array(p_values))
    np.testing.assert_allclose(found, false_discovery_control(p_values), atol=1e-12)


def test_the_form_is_kept() -> None:
    assert adjusted(np.full((2, 3), 0.5)).shape == (2, 3)
