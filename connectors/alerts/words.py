"""Words that tell some posts from others. Pure; not for tracks' rules, which are `tracks`."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import pairwise
from math import log, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import regex

from connectors.schemas.alert import Word
from connectors.tracks.reading import SPACELESS, folded

_SIGN: Final = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{SPACELESS}]]"
WORD: Final = regex.compile(rf"[#@]?{_SIGN}(?:{_SIGN}|['\u2019])+", regex.V1)
RUN: Final = regex.compile(rf"[[\p{{L}}\p{{M}}\p{{N}}]&&[{SPACELESS}]]{{2,}}", regex.V1)
LINK: Final = re.compile(r"https?://\S+")
READ: Final = 5000  # signs of a text
LONGEST: Final = 40  # signs of a word; a longer run is none, and may be a whole text
MOST_WORDS: Final = 100_000  # of some posts, about 40 MB; real texts have fewer
BELIEVED: Final = 0.5  # posts with a word on each side that are believed before any is seen
LEAST_Z: Final = 1.96
BY_CHANCE: Final = 0.05  # how often any word at all is told where nothing differs
FEWEST: Final = 3  # posts, and who wrote them


class Spoken(NamedTuple):
    """A text, and whose it is: an author, or where none is known a conversation."""

    text: str
    voice: Hashable

    @classmethod
    def by(cls, text: str, author_hash: str | None, conversation_id: str) -> "Spoken":
        """The text of a post."""
        return cls(text, author_hash or f"c {conversation_id}")


class Wording:
    """Which words how many of some posts hold.

    Attributes:
        posts: how many there are.
        labelled: those with the label that moved; all where none did.
        holding: word -> posts that hold it.
    """

    def __init__(self) -> None:
        self.posts = 0
        self.labelled = 0
        self.holding: Counter[str] = Counter()
        self._labelled_holding: Counter[str] = Counter()
        self._voices: dict[str, set[Hashable]] = {}

    @classmethod
    def of(cls, spoken: Iterable[Spoken]) -> "Wording":
        """The words of posts that all have the label."""
        own = cls()
        for each in spoken:
            own.add(each)
        return own

    def add(self, spoken: Spoken, *, labelled: bool = True) -> None:
        """Take the words of a post, each once: a post may repeat itself.

        Once there are `MOST_WORDS`, no new ones are taken.
        """
        self.posts += 1
        self.labelled += labelled
        for word in _words(spoken.text):
            if word not in self.holding and len(self.holding) >= MOST_WORDS:
                continue
            self.holding[word] += 1
            self._labelled_holding[word] += labelled
            voices = self._voices.setdefault(word, set())
            if len(voices) < FEWEST:
                voices.add(spoken.voice)

    def common(self, *, up: bool) -> list[str]:
        """Words that several posts of several people hold, and that go with what moved.

        Args:
            up: whether the label grew: then oftener with it than any post; else more seldom.
        """
        return [
            word
            for word, posts in self.holding.items()
            if posts >= FEWEST and len(self._voices[word]) >= FEWEST and self._goes_with(word, up)
        ]

    def _goes_with(self, word: str, up: bool) -> bool:
        if self.labelled in {0, self.posts}:
            return True
        more = self._labelled_holding[word] * self.posts - self.labelled * self.holding[word]
        return more > 0 if up else more < 0


def telling_words(
    now: Wording, before: Wording, *, many: bool, up: bool = True, most: int = 10
) -> list[Word]:
    """Words that posts of a shift hold more often than those before, the most telling first.

    Args:
        now: of the shift.
        before: of the time before it; without any posts, nothing can be told.
        many: whether so many posts were read that some of their thousands of words differ by
            chance alone: each must then be surer.
        up: whether the label that moved grew: words are told that go with it more than any post
            does; where it fell, less. Where all posts have it, or none, all words may be told.
        most: how many words.

    Returns:
        Words in at least three of the posts now, of three people, whose log-odds ratio is over
        1.96 standard errors, or as many as Bonferroni's bound asks of `many`.

    Source: log-odds with a prior, Monroe, Colaresi & Quinn 2008, Political Analysis 16(4), of
        posts that hold a word rather than of its occurrences.
    """
    if not now.posts or not before.posts:
        return []
    common = now.common(up=up)
    least = NormalDist().inv_cdf(1 - BY_CHANCE / len(common)) if many and common else LEAST_Z
    words = [
        Word(word=word, posts=now.holding[word], usual_posts=before.holding[word], z=z)
        for word in common
        if (z := _z(now.holding[word], now.posts, before.holding[word], before.posts)) >= least
    ]
    return sorted(words, key=lambda own: (-own.z, own.word))[:most]


def _words(text: str) -> set[str]:
    """Words of a text, folded; of scripts without spaces, pairs of neighbouring signs."""
    plain = LINK.sub(" ", folded(text[:READ])[:READ])  # folded, a sign may be eighteen
    found = {word for word in WORD.findall(plain) if len(word) <= LONGEST}
    for run in RUN.findall(plain):
        found.update(map("".join, pairwise(run)))
    return found


def _z(posts: int, of: int, usual: int, of_usual: int) -> float:
    with_word = (posts + BELIEVED, usual + BELIEVED)
    without = (of - posts + BELIEVED, of_usual - usual + BELIEVED)
    ratio = log(with_word[0] / without[0]) - log(with_word[1] / without[1])
    return ratio / sqrt(sum(1.0 / part for part in (*with_word, *without)))
