import numpy as np
import pytest

from models.training.batches import Batch, make_batch, with_only
from models.training.config import ModalityDropout
from models.training.corpus import NO_LABEL, LabelledPost
from models.training.modality_dropout import with_dropout
from tests.unit.models.training.toy import toy_corpus

NONE = ModalityDropout(audio_drop=0, text_drop=0, visual_noise=0)


def from_texts() -> Batch:
    """Posts whose texts a system reads itself: no text features."""
    audio = {"audio": np.ones((1, 8), np.float32)}
    return make_batch([[LabelledPost(audio, 0, 0, text="said")] * 40])


def test_rows_are_padded_and_say_so() -> None:
    train = toy_corpus(4).splits["train"]
    batch = make_batch(train)
    assert batch.post_mask.sum(dim=1).tolist() == [1, 2, 3, 4]
    assert (batch.sentiment[~batch.post_mask] == NO_LABEL).all()
    assert batch.emotion[3].tolist() == [post.emotion for post in train[3]]
    assert [len(own) for own in batch.texts] == [1, 2, 3, 4]


def test_only_the_modalities_asked_for_are_used() -> None:
    batch = with_only(make_batch(toy_corpus().splits["dev"]), ("text",))
    assert {name for own in batch.features for post in own for name in post} == {"text"}


def test_a_text_is_a_modality_before_it_has_features() -> None:
    text = with_only(from_texts(), ("text",))
    assert (text.features[0][0], text.texts[0][0]) == ({}, "said")
    audio = with_only(from_texts(), ("audio",))
    assert (set(audio.features[0][0]), audio.texts[0][0]) == ({"audio"}, "")
    neither = with_only(from_texts(), ("visual",))
    assert (set(neither.features[0][0]), neither.texts[0][0]) == ({"audio"}, "said")


def test_dropout_leaves_every_post_a_modality() -> None:
    batch = make_batch(toy_corpus(64).splits["train"])
    settings = ModalityDropout(audio_drop=0.5, text_drop=0.9, visual_noise=0.5)
    dropped = with_dropout(batch, settings, np.random.default_rng(0), 35)
    posts = [post for own in dropped.features for post in own]
    assert all(posts)
    assert {frozenset(post) for post in posts} >= {
        frozenset({"text"}),
        frozenset({"audio"}),
        frozenset({"text", "visual"}),
    }
    assert all("visual" not in post for own in batch.features for post in own)
    assert {post["visual"].shape[1] for post in posts if "visual" in post} == {35}


@pytest.mark.parametrize(("field", "left"), [("audio_drop", "text"), ("text_drop", "audio")])
def test_dropout_knows_texts_without_features(field: str, left: str) -> None:
    settings = NONE.model_copy(update={field: 1.0})
    dropped = with_dropout(from_texts(), settings, np.random.default_rng(0), 35)
    assert set(dropped.texts[0]) == ({"said"} if left == "text" else {""})
    assert all(bool(post) == (left == "audio") for post in dropped.features[0])


def test_without_dropout_nothing_changes() -> None:
    batch = make_batch(toy_corpus().splits["train"])
    same = with_dropout(batch, NONE, np.random.default_rng(0), 35)
    assert [[set(post) for post in own] for own in same.features] == [
        [set(post) for post in own] for own in batch.features
    ]
