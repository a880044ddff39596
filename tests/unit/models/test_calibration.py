import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.calibration import Calibration, TaskCalibration, apply


@given(
    st.lists(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), min_size=1, max_size=5),
    st.floats(0.01, 100),
)
def test_probabilities_are_the_softmax_of_the_scaled_logits(
    rows: list[list[float]], temperature: float
) -> None:
    logits = np.array(rows)
    wanted = torch.softmax(torch.from_numpy(logits) / temperature, dim=-1).numpy()
    np.testing.assert_allclose(apply(logits, TaskCalibration(temperature=temperature)), wanted)


def test_noise_mixes_in_the_shares_of_the_classes() -> None:
    own = TaskCalibration(noise=0.5, shares=(0.6, 0.4, 0.0))
    (row,) = apply(np.array([[0.0, 0.0, 0.0]]), own)
    np.testing.assert_allclose(row, [1 / 6 + 0.3, 1 / 6 + 0.2, 1 / 6])


def test_the_logits_stay_as_they_are() -> None:
    logits = np.array([[1.0, 2.0, 3.0]])
    apply(logits, TaskCalibration(temperature=2.0, noise=0.1, shares=(1.0, 0.0, 0.0)))
    np.testing.assert_array_equal(logits, [[1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    "fields",
    [
        {"sentiment": {"temperature": 0.0}},
        {"emotion": {"temperature": float("inf")}},
        {"sentiment": {"noise": 0.1}},
        {"sentiment": {"noise": 1.0, "shares": (0.5, 0.5, 0.0)}},
        {"sentiment": {"noise": 0.1, "shares": (0.5, 0.6, 0.0)}},
        {"sentiment": {"noise": 0.1, "shares": (1.5, -0.5, 0.0)}},
        {"emotion": {"noise": 0.1, "shares": (0.5, 0.5, 0.0)}},
    ],
)
def test_what_gives_no_probabilities_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calibration.model_validate(fields)


def test_a_calibration_survives_its_json() -> None:
    own = Calibration(sentiment=TaskCalibration(temperature=1.5, noise=0.1, shares=(0.2, 0.5, 0.3)))
    assert Calibration.model_validate_json(own.model_dump_json()) == own
