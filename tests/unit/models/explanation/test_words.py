"""Splitting a text into words, and cutting words out of it."""

import numpy as np
import pytest

from models.explanation.words import keep_words, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't know!!!", ["I", "don't", "know", "!!!"]),
        ("well-made #fun @you 😀😀 ok", ["well-made", "#fun", "@you", "😀😀", "ok"]),
        ("  ", []),
        ("so...what", ["so", "...", "what"]),
    ],
)
def test_words_keep_their_signs_and_their_place(text: str, words: list[str]) -> None:
    found = split_words(text)
    assert [word.text for word in found] == words
    assert all(text[word.start : word.end] == word.text for word in found)


@pytest.mark.parametrize(
    ("kept", "rest"),
    [
        ([1, 1, 1, 1], "Oh,  no good"),
        ([1, 0, 1, 1], "Oh no good"),
        ([0, 1, 1, 1], ", no good"),
        ([1, 1, 0, 1], "Oh, good"),
        ([1, 1, 1, 0], "Oh, no"),
        ([0, 0, 0, 0], ""),
    ],
)
def test_a_word_is_cut_and_the_rest_stays_as_it_was(kept: list[int], rest: str) -> None:
    text = "Oh,  no good"
    assert keep_words(text, split_words(text), np.array(kept, np.bool_)) == rest
