"""Words that tell some texts from others. Pure; not for tracks' rules, which are `tracks`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log, sqrt
from typing import Final
from unicodedata import normalize

from connectors.schemas.alert import Word

WORD: Final = re.compile(r"[#@]?\w[\w'\u2019]+")
LINK: Final = re.compile(r"https?://\S+")
BELIEVED: Final = 0.5  # posts with a word on each side that are believed before any is seen
LEAST_Z: Final = 1.96
FEWEST_POSTS: Final = 3


def telling_words(now: Sequence[str], before: Sequence[str], most: int = 10) -> list[Word]:
    """Words that posts of a shift hold more often than those before, the most telling first.

    Args:
        now: texts of the shift.
        before: texts of the time before it; without any, nothing can be told.
        most: how many words.

    Returns:
        Words in at least three of the texts now, whose log-odds ratio is over 1.96 standard
        errors.

    Source: log-odds with a prior, Monroe, Colaresi & Quinn 2008, Political Analysis 16(4), of
        posts that hold a word rather than of its occurrences: a post may repeat itself.
    """
    if not now or not before:
        return []
    counted, usual = _posts_with(now), _posts_with(before)
    words = [
        Word(word=word, posts=posts, usual_posts=usual[word], z=z)
        for word, posts in counted.items()
        if posts >= FEWEST_POSTS and (z := _z(posts, len(now), usual[word], len(before))) >= LEAST_Z
    ]
    return sorted(words, key=lambda own: (-own.z, own.word))[:most]


def _posts_with(texts: Iterable[str]) -> Counter[str]:
    return Counter(
        word
        for text in texts
        for word in set(WORD.findall(LINK.sub(" ", normalize("NFKC", text).casefold())))
    )


def _z(posts: int, of: int, usual: int, of_usual: int) -> float:
    with_word = (posts + BELIEVED, usual + BELIEVED)
    without = (of - posts + BELIEVED, of_usual - usual + BELIEVED)
    ratio = log(with_word[0] / without[0]) - log(with_word[1] / without[1])
    return ratio / sqrt(sum(1.0 / part for part in (*with_word, *without)))
