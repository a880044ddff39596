"""The games find the word, post or modality that a model's answer hangs on."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.calibration import Calibration
from models.explanation.explanation import Part
from models.explanation.oracle import Oracle
from models.explanation.shapley import shapley_values
from models.explanation.subject import Subject, make_subject
from models.explanation.window import TEXT, PostWindow
from tests.unit.models.small_networks import post, tiny_network

TELLTALE = "awful"


class TelltaleEncoder:
    """Token vectors of ones where the text holds the telltale word, else of zeros."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        self.encoded.extend(texts)
        return [np.full((2, 384), TELLTALE in text, np.float16) for text in texts]


def subject(text: str | None, encoder: TelltaleEncoder | None = None) -> Subject:
    """The last of four posts: text and audio, the second of the four had video."""
    generator = np.random.default_rng(0)
    posts = [post(generator, text=2) for _ in range(4)]
    posts[1] = post(generator, text=2, visual=1)
    posts[3] = post(generator, text=2, audio=1)
    oracle = Oracle(tiny_network("stream"), Calibration(), torch.device("cpu"))
    return make_subject(oracle, encoder or TelltaleEncoder(), oracle.window(posts), text)


def values(of: Subject, part: Part, tells: Callable[[PostWindow], bool]) -> NDArray[np.float64]:
    def worth(windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        return np.array([float(tells(window)) for window in windows])

    return shapley_values(of.game(part, worth), of.players[part], 4, np.random.default_rng(0))


def test_the_word_that_counts_is_found() -> None:
    own = subject("what an awful day !")
    assert own.text is not None
    with_it, without = own.text.vectors(np.array([[0, 0, 1, 0, 0], [1, 1, 0, 1, 1]], np.bool_))
    assert with_it is not None
    assert without is not None

    def telltale(window: PostWindow) -> bool:
        return bool(window.presence[-1, TEXT]) and np.array_equal(window.vectors[-1, TEXT], with_it)

    assert not np.array_equal(with_it, without)
    assert values(own, "words", telltale) == pytest.approx([0, 0, 1, 0, 0])


def test_the_post_that_counts_is_found() -> None:
    def holds_video(window: PostWindow) -> bool:
        return bool(window.presence[:, 2].any())

    assert values(subject(None), "posts", holds_video) == pytest.approx([0, 1, 0, 0])


def test_the_post_itself_counts_by_all_that_it_holds() -> None:
    def holds_audio(window: PostWindow) -> bool:
        return bool(window.presence[:, 1].any())

    assert values(subject(None), "posts", holds_audio) == pytest.approx([0, 0, 0, 1])


def test_the_modality_that_counts_is_found_among_those_of_the_post() -> None:
    def holds_audio(window: PostWindow) -> bool:
        return bool(window.presence[-1, 1])

    own = subject(None)
    assert own.players["modalities"] == 2
    assert values(own, "modalities", holds_audio) == pytest.approx([0, 1])


def test_no_text_is_encoded_twice() -> None:
    encoder = TelltaleEncoder()
    own = subject("what an awful day !", encoder)
    for _ in range(2):
        values(own, "words", lambda window: bool(window.presence[-1, TEXT]))
    assert len(encoder.encoded) == 2**5 - 1  # nothing is left to encode of no words
    assert len(set(encoder.encoded)) == len(encoder.encoded)


def test_words_that_the_encoder_cuts_off_are_no_players() -> None:
    own = subject(" ".join(f"w{number}" for number in range(100)))
    assert own.players["words"] == 62


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "without its text"), ("", "without its text"), (" \n ", "no words")],
)
def test_without_words_the_reason_is_given(text: str | None, reason: str) -> None:
    own = subject(text)
    assert reason in own.without_words
    assert "words" not in own.players


def test_a_text_that_the_features_do_not_hold_has_no_words_to_explain() -> None:
    oracle = Oracle(tiny_network("stream"), Calibration(), torch.device("cpu"))
    posts = [post(np.random.default_rng(0), audio=1)]
    own = make_subject(oracle, TelltaleEncoder(), oracle.window(posts), "awful")
    assert "features hold no text" in own.without_words
    assert own.text is None
