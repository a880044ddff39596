"""An explanation: what the engine scored, shared out without a rest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.schemas.post import DecodedPost
from connectors.schemas.scoring import WindowRequest
from models.calibration import Calibration, TaskCalibration
from models.checkpoint import load_checkpoint, save_checkpoint
from models.engine import load_engine
from models.errors import ModelError
from models.explanation.explainer import Explainer, make_explainer
from models.explanation.explanation import Explanation, Part
from models.explanation.oracle import Task
from tests.unit.models.small_networks import OF_SENTIMENT, UNTRAINED, post, tiny_network

TEXT = "not what I hoped for"


class LetterEncoder:
    """A token vector a letter, the same for the same letter."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        vectors = np.random.default_rng(7).normal(size=(128, 384)).astype(np.float16)
        return [vectors[[ord(letter) for letter in text]] for text in texts]


@pytest.fixture(params=["stream", "default"])
def checkpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Of a network that minds what it reads: untrained heads hardly do."""
    network = tiny_network(request.param)
    with torch.no_grad():
        for weights in network.heads.parameters():
            weights.mul_(2.5)
    own = TaskCalibration(temperature=0.7, noise=0.1, shares=(0.5, 0.3, 0.2))
    calibration = Calibration(sentiment=own)
    save_checkpoint(tmp_path / "checkpoint", network, "lively", UNTRAINED, {}, calibration)
    return tmp_path / "checkpoint"


@pytest.fixture
def explainer(checkpoint: Path) -> Explainer:
    return make_explainer(*load_checkpoint(checkpoint), LetterEncoder(), "cpu")


def decoded(name: str, text: str | None, **steps: int) -> DecodedPost:
    features = dict(post(np.random.default_rng(len(name)), **steps))
    if text is not None:
        features["text"] = LetterEncoder().encode([text])[0].astype(np.float32)
    return DecodedPost(name, "c", None, "x", None, 0.0, (), text, "default@1", features)


def conversation() -> list[DecodedPost]:
    return [
        decoded("p1", "hello"),
        decoded("p22", None, audio=1),
        decoded("p333", "so what", visual=2),
        decoded("p4444", TEXT, audio=1),
    ]


def test_probabilities_are_those_of_the_engine(checkpoint: Path, explainer: Explainer) -> None:
    engine = load_engine(checkpoint, "cpu", threads=1, name="window")
    records = engine.encode([own.features for own in conversation()])
    ((score,),) = engine.score([WindowRequest(records, (3,))])
    told: tuple[tuple[Task, tuple[str, ...], tuple[float, ...]], ...] = (
        ("sentiment", SENTIMENTS, score.sentiment),
        ("emotion", EMOTIONS, score.emotion),
    )
    for task, names, wanted in told:
        found = explainer.explain(conversation(), task)
        assert [found.probabilities[name] for name in names] == pytest.approx(wanted, abs=1e-4)
        assert found.label == found.predicted == names[int(np.argmax(wanted))]
        odds = found.probabilities[found.label]
        assert found.log_odds == pytest.approx(np.log(odds / (1 - odds)), abs=1e-6)
        assert found.model_version == engine.version


@pytest.mark.parametrize("label", ["negative", "positive"])
def test_every_part_adds_up_to_the_difference(explainer: Explainer, label: str) -> None:
    found = explainer.explain(conversation(), "sentiment", label)
    assert found.label == label
    sums: dict[Part, float] = {
        "modalities": sum(own.signed for own in found.modalities),
        "posts": sum(own.signed for own in found.posts),
        "words": sum(own.value for own in found.words),
    }
    for part, total in sums.items():
        complete = found.completeness[part]
        assert abs(complete.gap) < 1e-5
        assert total == pytest.approx(complete.difference, abs=1e-3)
        assert abs(complete.difference) > 1e-3


def test_shares_sum_to_one_and_name_their_posts(explainer: Explainer) -> None:
    found = explainer.explain(conversation(), "emotion")
    assert sum(own.share for own in found.modalities) == pytest.approx(1)
    assert sum(own.share for own in found.posts) == pytest.approx(1)
    assert [own.post_id for own in found.posts] == ["p1", "p22", "p333", "p4444"]
    assert [own.text for own in found.words] == TEXT.split()
    assert [TEXT[own.start : own.end] for own in found.words] == TEXT.split()
    assert set(found.methods) == set(found.completeness) == {"modalities", "posts", "words"}


def test_an_absent_modality_has_no_share(explainer: Explainer) -> None:
    found = explainer.explain(conversation(), "sentiment")
    shares = {own.modality: (own.share, own.signed) for own in found.modalities}
    assert shares["visual"] == (0.0, 0.0)  # although an earlier post has it
    assert shares["text"][0] > 0
    assert shares["audio"][0] > 0


def test_an_explanation_is_the_same_each_time(explainer: Explainer) -> None:
    posts = [decoded(f"p{number}", "ab" * (number + 1)) for number in range(9)]

    def signed(found: Explanation) -> list[float]:
        return [own.signed for own in found.posts]

    first = signed(explainer.explain(posts, "sentiment"))
    assert signed(explainer.explain(posts, "sentiment")) == first


def test_without_a_text_the_rest_is_explained(explainer: Explainer) -> None:
    found = explainer.explain([decoded("a", "hello"), decoded("b", None, audio=1)], "sentiment")
    assert found.words == []
    assert "no text" in found.without_words
    assert set(found.methods) == {"modalities", "posts"}
    assert {own.modality: own.share for own in found.modalities}["audio"] == 1.0


def test_features_that_were_not_made_of_the_text_show_as_a_gap(explainer: Explainer) -> None:
    foreign = replace(decoded("a", "something else"), text=TEXT)
    found = explainer.explain([foreign], "sentiment")
    assert abs(found.completeness["words"].gap) > 1e-3
    assert abs(found.completeness["modalities"].gap) < 1e-3


def test_records_of_a_window_are_explained_as_its_posts(
    checkpoint: Path, explainer: Explainer
) -> None:
    engine = load_engine(checkpoint, "cpu", threads=1, name="window")
    records = engine.encode([own.features for own in conversation()])
    found = explainer.explain_records(records, TEXT, "sentiment", "negative")
    wanted = explainer.explain(conversation(), "sentiment", "negative")
    assert [own.signed for own in found.posts] == pytest.approx(
        [own.signed for own in wanted.posts], abs=1e-3
    )
    assert [own.value for own in found.words] == pytest.approx(
        [own.value for own in wanted.words], abs=1e-3
    )


def test_records_of_another_model_are_refused(explainer: Explainer) -> None:
    with pytest.raises(ModelError, match="record of another model"):
        explainer.explain_records([bytes(9)], None, "sentiment")


def test_an_unknown_label_is_refused_with_those_known(explainer: Explainer) -> None:
    with pytest.raises(ModelError, match="sentiment has no label 'happy'; known: negative"):
        explainer.explain(conversation(), "sentiment", "happy")


def test_a_task_that_was_not_trained_is_not_explained(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "own", tiny_network("stream"), "half", OF_SENTIMENT, {})
    half = make_explainer(*load_checkpoint(tmp_path / "own"), LetterEncoder(), "cpu")
    assert half.explain(conversation(), "sentiment").task == "sentiment"
    with pytest.raises(ModelError, match="was not trained for emotion, only for sentiment"):
        half.explain(conversation(), "emotion")
