from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.errors import TrainingDataError
from models.training.corpus import Corpus, LabelledPost
from models.training.text_features import TextFeatures, with_text_features
from tests.unit.models.training.toy import LengthEncoder

AUDIO = {"audio": np.ones((1, 8), np.float32)}


def corpus(*posts: LabelledPost) -> Corpus:
    return Corpus("some", "none", {"train": [posts], "dev": [posts[:1]], "test": []})


def test_texts_become_features_once_for_an_encoder_and_its_texts(tmp_path: Path) -> None:
    encoder = LengthEncoder()
    first = TextFeatures(encoder, tmp_path).of(["a", "bcd", "a"])
    second = TextFeatures(encoder, tmp_path).of(["a", "bcd", "a"])
    assert encoder.calls == [["a", "bcd"]]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [own[0, 0] for own in first] == [1, 3, 1]
    TextFeatures(encoder, tmp_path).of(["a", "bc"])
    TextFeatures(LengthEncoder("length-2"), tmp_path).of(["a", "bcd"])
    assert len(encoder.calls) == 2
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut"])
def test_a_damaged_cache_is_made_again(tmp_path: Path, damage: bytes) -> None:
    encoder = LengthEncoder()
    TextFeatures(encoder, tmp_path).of(["a"])
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)
    assert TextFeatures(encoder, tmp_path).of(["a"])[0][0, 0] == 1
    assert len(encoder.calls) == 2


def test_every_post_with_a_text_gets_features_and_keeps_what_it_has() -> None:
    own = LabelledPost({"text": np.ones((1, 384), np.float32)}, 0, 0, text="kept")
    found = with_text_features(
        corpus(
            LabelledPost({}, 1, 2, text="four", group="g"),
            LabelledPost(AUDIO, 0, 0, text="sixsix"),
            LabelledPost(AUDIO, 0, 0, text="  "),
            own,
        ),
        TextFeatures(LengthEncoder()),
    )
    ((four, six, silent, kept),) = found.splits["train"]
    assert (four.features["text"][0, 0], four.sentiment, four.emotion, four.group) == (4, 1, 2, "g")
    assert (six.features["text"][0, 0], set(six.features)) == (6, {"text", "audio"})
    assert set(silent.features) == {"audio"}
    assert kept is own
    assert found.splits["dev"][0][0].features["text"][0, 0] == 4


def test_the_texts_width_is_the_encoders() -> None:
    class Wide(LengthEncoder):
        def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
            return [np.zeros((1, 768), np.float16) for _ in texts]

    found = with_text_features(corpus(LabelledPost({}, 0, 0, text="a")), TextFeatures(Wide()))
    assert found.widths == (768, 8, 35)


def test_a_post_without_anything_is_told_of() -> None:
    bare = corpus(LabelledPost(AUDIO, 0, 0, text="a"), LabelledPost({}, 0, 0, text=" "))
    with pytest.raises(TrainingDataError, match="some train: 1 posts have a blank text"):
        with_text_features(bare, TextFeatures(LengthEncoder()))


def test_text_features_of_two_widths_are_refused() -> None:
    own = LabelledPost({"text": np.ones((1, 100), np.float32)}, 0, 0)
    with pytest.raises(TrainingDataError, match=r"several widths: \[100, 384\]"):
        with_text_features(
            corpus(own, LabelledPost({}, 0, 0, text="a")), TextFeatures(LengthEncoder())
        )
