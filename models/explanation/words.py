"""Words of a text, and the text without some of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# a word with its apostrophes, hyphens, # or @; or a run of signs: "!!!" and emoji say something too
_WORD: Final = re.compile(r"[#@]?\w+(?:['\u2019\-]\w+)*|[^\w\s]+")
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place: `text[start:end]` of the text it is from."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Words and runs of signs, in order."""
    return [Word(found.group(), found.start(), found.end()) for found in _WORD.finditer(text)]


def keep_words(text: str, words: Sequence[Word], kept: NDArray[np.bool_]) -> str:
    """The text with words cut out.

    Args:
        text: what the words were split from.
        words: from `split_words`, any number of them from the first on.
        kept: [words], False for those to cut.

    Returns:
        The rest, one space where a word stood between others; "" when no word is left.
    """
    if kept.all():
        return text
    if not kept.any():
        return ""
    parts = []
    place = 0
    for word, stays in zip(words, kept, strict=True):
        if not stays:
            parts.append(text[place : word.start])
            place = word.end
    return _SPACE.sub(" ", "".join(parts) + text[place:]).strip()
