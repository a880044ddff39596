"""Words that tell some posts from others. Pure; not for tracks' rules, which are `tracks`."""

from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import pairwise
from math import log, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import regex

from connectors.alerts.functional_words import functional_words
from connectors.schemas.alert import Word
from connectors.tracks.reading import SPACELESS, folded

_SIGN: Final = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{SPACELESS}]]"
WORD: Final = regex.compile(rf"#?{_SIGN}(?:{_SIGN}|')+", regex.V1)
RUN: Final = regex.compile(rf"[[\p{{L}}\p{{M}}\p{{N}}]&&[{SPACELESS}]]{{2,}}", regex.V1)
# addresses of the web, of people's mail, and people: @name, @name@server, u/name
ADDRESS: Final = regex.compile(
    r"(?:https?://|(?<![\p{L}\p{M}\p{N}_])www\.)\S+"
    r"|(?<![a-z0-9_.+-])[a-z0-9_.+-]*+@\p{Cf}*[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}\p{Cf}_.@-]*"
    r"|(?<![\p{L}\p{M}\p{N}_])/?u/[a-z0-9_-]+",
    regex.V1,
)
READ: Final = 5000  # signs of a text
MOST_SIGNS: Final = 2_000_000  # of some posts, about a second; real ones have some 500,000
LONGEST: Final = 40  # signs of a word; a longer run is none, and may be a whole text
MOST_WORDS: Final = 100_000  # of some posts, about 40 MB; real texts have fewer
OFTENER: Final = 1.5  # as often as before; the words of any mood come and go by less
LEAST_Z: Final = 1.96
BY_CHANCE: Final = 0.05  # how often any word at all is told where nothing differs
FEWEST: Final = 3  # posts, and who wrote them


class Spoken(NamedTuple):
    """A text, whose it is (an author, or where none is known a conversation), and its language."""

    text: str
    voice: Hashable
    lang: str | None = None

    @classmethod
    def by(
        cls, text: str, author_hash: str | None, conversation_id: str, lang: str | None
    ) -> "Spoken":
        """The text of a post."""
        return cls(text, author_hash or f"c {conversation_id}", lang)


class Wording:
    """Which words how many of some posts hold.

    Attributes:
        posts: how many were counted.
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
        return cls.among((each, True) for each in spoken)

    @classmethod
    def among(cls, posts: Iterable[tuple[Spoken, bool]]) -> "Wording":
        """The words of posts and whether each has the label; the first of them, where all are long.

        Args:
            posts: in an order that says nothing; after `MOST_SIGNS` no more are counted.
        """
        own = cls()
        signs = 0
        for spoken, labelled in posts:
            signs += len(spoken.text)
            if signs > MOST_SIGNS:
                break
            own.add(spoken, labelled=labelled)
        return own

    def add(self, spoken: Spoken, *, labelled: bool = True) -> None:
        """Take the words of a post, each once: a post may repeat itself.

        Once there are `MOST_WORDS`, no new ones are taken.
        """
        self.posts += 1
        self.labelled += labelled
        for word in _words(spoken):
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
    """Words that posts of a shift hold far more often than those before, the most telling first.

    Args:
        now: of the shift.
        before: of the time before it; without any posts, nothing can be told.
        many: whether so many posts were read that some of their thousands of words differ by
            chance alone: each must then be surer.
        up: whether the label that moved grew: words are told that go with it more than any post
            does; where it fell, less. Where all posts have it, or none, all words may be told.
        most: how many words.

    Returns:
        Words in at least three of the posts now, of three people, that are held `OFTENER` times as
        often as before, and surely so: by 1.96 standard errors, or as many as Bonferroni's bound
        asks of `many`.
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


def _words(spoken: Spoken) -> set[str]:
    """Words of a text, folded; of scripts without spaces, pairs of neighbouring signs."""
    text = folded(spoken.text[:READ])[:READ]  # folded, a sign may be eighteen
    plain = ADDRESS.sub(" ", text.replace("\u2019", "'"))
    found = {word for word in WORD.findall(plain) if len(word) <= LONGEST}
    found -= functional_words(spoken.lang)
    for run in RUN.findall(plain):
        found.update(map("".join, pairwise(run)))
    return found


def _z(posts: int, of: int, usual: int, of_usual: int) -> float:
    """How sure it is that a word is held over `OFTENER` times as often as before.

    Of all posts that hold it, those of the shift are a binomial part: the larger, the oftener. The
    likelihood of the part that is seen is set beside that of the part at `OFTENER` times as often.
    Against no change at all, "not" and "why" would be as sure wherever a mood grew. In standard
    errors of a log-odds ratio they would come first: of a word new to the track it is large.

    Args:
        posts: of the shift that hold it, at least one.
        of: of the shift.
        usual: before it that hold it.
        of_usual: before it.

    Returns:
        The root of twice the log of the ratio, in standard errors; 0 where it is no oftener.

    Source: Dunning 1993, Computational Linguistics 19(1), against a ratio rather than none;
        binomial given the sum, Przyborowski & Wilenski 1940, Biometrika 31.
    """
    part = posts / (posts + usual)
    least = OFTENER * of / (OFTENER * of + of_usual)
    if part <= least:
        return 0.0
    surer = posts * log(part / least) + (usual * log((1 - part) / (1 - least)) if usual else 0.0)
    return sqrt(2 * surer)
