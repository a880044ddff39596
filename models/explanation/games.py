"""The three games that explain a post: its modalities, the posts of its window, its words.

The players are what may be taken away; a coalition's worth is what the network says when only
they are left. The games are nested: a post without modalities is the post taken away, and a text
without words is the text taken away.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.explanation.oracle import Oracle
from models.explanation.shapley import Game, Mask
from models.explanation.window import PostWindow
from models.explanation.words import Word, keep_words, split_words

Worth = Callable[[Sequence[PostWindow]], NDArray[np.float64]]  # of M windows, [M]


class Encoder(Protocol):
    """What makes features of texts: `models.text_encoder.TextEncoder`."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order, float16 [tokens, width]."""


class CuttableText:
    """A text that is encoded anew, and once only, for each choice of words that stay.

    Args:
        oracle: makes vectors of texts.
        encoder: makes the features of texts.
        text: with at least one word.
        words_max: words beyond belong to no player; the encoder cuts them off anyway.
    """

    def __init__(self, oracle: Oracle, encoder: Encoder, text: str, words_max: int) -> None:
        words = split_words(text)[:words_max]
        self.words: Sequence[Word] = words
        self._text = text[: words[-1].end]
        self._oracle = oracle
        self._encoder = encoder
        self._vectors: dict[bytes, NDArray[np.float32]] = {}

    def vectors(self, kept: Mask) -> list[NDArray[np.float32] | None]:
        """The text's vector [post_width] for each choice [M, words]; None without a word."""
        new = {row.tobytes(): row for row in kept if row.any()}
        new = {key: row for key, row in new.items() if key not in self._vectors}
        texts = [keep_words(self._text, self.words, row) for row in new.values()]
        if texts:
            made = self._oracle.encode("text", self._encoder.encode(texts))
            self._vectors.update(zip(new, made, strict=True))
        return [self._vectors.get(row.tobytes()) for row in kept]


def modality_game(window: PostWindow, worth: Worth) -> Game:
    """Players: the modalities that the last post has, in the order of `labels.MODALITIES`."""
    present = np.flatnonzero(window.presence[-1])

    def game(coalitions: Mask) -> NDArray[np.float64]:
        kept = np.zeros((len(coalitions), window.presence.shape[1]), np.bool_)
        kept[:, present] = coalitions
        return worth([window.with_modalities(row) for row in kept])

    return game


def post_game(window: PostWindow, worth: Worth) -> Game:
    """Players: the posts of the window, the last one being the post itself."""

    def game(coalitions: Mask) -> NDArray[np.float64]:
        return worth([window.with_posts(row) for row in coalitions])

    return game


def word_game(window: PostWindow, text: CuttableText, worth: Worth) -> Game:
    """Players: the words of the last post's text; without one the text is encoded anew."""

    def game(coalitions: Mask) -> NDArray[np.float64]:
        return worth([window.with_text(vector) for vector in text.vectors(coalitions)])

    return game
