"""Outcomes read back are the outcomes that were fixed."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.prediction import (
    EmotionScore,
    ModalityShares,
    Prediction,
    SentimentScore,
    Source,
    read_prediction,
)
from connectors.schemas.rejection import Reason
from stream_app.core.outcome import Outcome, Rejected, Shed, decode_outcomes, encode_outcomes

shares = st.floats(0, 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
predictions = st.builds(
    Prediction,
    schema_version=st.just(1),
    post_id=text,
    conversation_id=text,
    platform=text,
    lang=st.none() | text,
    tracks=st.lists(text, max_size=3),
    created_at=st.floats(0, 4e9),
    source=st.builds(
        Source, topic=text, partition=st.integers(0, 99), offset=st.integers(0, 2**53)
    ),
    sentiment=st.builds(
        SentimentScore,
        label=st.sampled_from(["negative", "neutral", "positive"]),
        probs=st.lists(shares, min_size=3, max_size=3),
    ),
    emotion=st.builds(
        EmotionScore,
        label=st.sampled_from(["happy", "angry"]),
        probs=st.lists(shares, min_size=7, max_size=7),
    ),
    modalities=st.builds(ModalityShares, text=shares, audio=shares, visual=shares),
    stands_for=st.sampled_from([1, 4, 64]),
    window_posts=st.integers(1, 32),
    model_version=text,
    scored_at=st.floats(0, 4e9),
)
SCHEMA = orjson.loads(Path("docs/schemas/predictions.v1.json").read_bytes())
rejections = st.builds(Rejected, st.sampled_from(Reason), text, st.floats(0, 4e9))
sheddings = st.builds(Shed, st.sampled_from([2, 64]))


@given(st.dictionaries(st.integers(0, 2**53), predictions | rejections | sheddings, max_size=5))
def test_outcomes_survive_the_store(outcomes: dict[int, Outcome]) -> None:
    assert decode_outcomes(encode_outcomes(outcomes)) == outcomes


@pytest.mark.parametrize(
    "blob", [b"", b"{}x", b"[[1]]", b'[[1,"prediction",{}]]', b'[[1,"shed","x"]]']
)
def test_a_blob_of_something_else_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_outcomes(blob)


@given(predictions)
def test_a_prediction_is_written_as_its_schema_says_whatever_order_it_was_read_in(
    prediction: Prediction,
) -> None:
    written = orjson.loads(prediction.encoded)
    assert list(written) == list(SCHEMA["properties"])  # nothing more, and what is null as well
    for part in ("source", "sentiment", "emotion", "modalities"):
        name = SCHEMA["properties"][part]["$ref"].rpartition("/")[2]
        assert list(written[part]) == list(SCHEMA["$defs"][name]["properties"])
    again = read_prediction(_turned_round(written))
    assert (again, again.encoded) == (prediction, prediction.encoded)


def _turned_round(document: dict[str, Any]) -> dict[str, object]:
    """The same in the opposite order, with a field of a later version."""
    turned = {
        name: _turned_round(value) if isinstance(value, dict) else value
        for name, value in reversed(document.items())
    }
    return {"later": 1, **turned}
