"""A post to explain with its window and words, ready to be asked any question about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.encoder_input import MAX_TOKENS
from models.explanation.explanation import Part
from models.explanation.games import (
    CuttableText,
    Encoder,
    Worth,
    modality_game,
    post_game,
    word_game,
)
from models.explanation.oracle import Oracle
from models.explanation.shapley import Game
from models.explanation.window import TEXT, PostWindow
from models.explanation.words import split_words

WORDS_MAX: Final = MAX_TOKENS - 2  # a word is a token at least, and two tokens are special


@dataclass(frozen=True, slots=True)
class Subject:
    """The last post of a window.

    Attributes:
        text: None where it has no words that could be taken away.
        without_words: then why; else "".
    """

    window: PostWindow
    text: CuttableText | None
    without_words: str

    @property
    def players(self) -> Mapping[Part, int]:
        """How many players each game has; no `words` where there are none."""
        found: dict[Part, int] = {
            "modalities": int(self.window.presence[-1].sum()),
            "posts": len(self.window.presence),
        }
        if self.text is not None:
            found["words"] = len(self.text.words)
        return found

    def game(self, part: Part, worth: Worth) -> Game:
        """The game of one part.

        Args:
            part: one of `players`.
            worth: what the network says of windows.
        """
        if part == "words" and self.text is not None:
            return word_game(self.window, self.text, worth)
        return (modality_game if part == "modalities" else post_game)(self.window, worth)


def make_subject(oracle: Oracle, encoder: Encoder, window: PostWindow, text: str | None) -> Subject:
    """The last post of a window as a subject.

    Args:
        oracle: asks the network.
        encoder: makes the text features that the network reads.
        window: as it was scored.
        text: of the last post.
    """
    if not window.presence[-1, TEXT]:
        return Subject(window, None, "the post's features hold no text")
    if not text:
        return Subject(window, None, "the post comes without its text")
    if not split_words(text):
        return Subject(window, None, "the post's text has no words")
    return Subject(window, CuttableText(oracle, encoder, text, WORDS_MAX), "")
