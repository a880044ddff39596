"""What a prediction says of a score."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Source
from connectors.schemas.scoring import Score
from stream_app.core.prediction import make_prediction
from stream_app.core.scoring import ScoredPost

POST = DecodedPost("p", "c", None, "demo", None, 0.0, (), None, "default@1", {})


def said(probability: float) -> float:
    """What a prediction says where the model is so sure of the first modality."""
    score = Score((1.0, 0.0, 0.0), (1.0, *[0.0] * 6), (probability, 1.0 - probability, 0.0))
    scored = ScoredPost(score, b"", [b""], 1)
    return make_prediction(POST, scored, Source("posts", 0, 0), "m@1", 0.0).modalities.text


@given(st.floats(0.0, 1.0))
def test_a_probability_is_said_to_six_places(probability: float) -> None:
    found = said(probability)
    assert found == float(f"{found:.6f}")
    assert abs(Decimal(found) - Decimal(probability)) <= Decimal("5.000001e-7")


@pytest.mark.parametrize(("half", "up"), [(0.0078125, 0.007813), (0.1953125, 0.195313)])
def test_what_lies_between_two_millionths_is_rounded_up(half: float, up: float) -> None:
    assert Decimal(half) * 2_000_000 % 2 == 1
    assert said(half) == up
