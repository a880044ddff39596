"""Texts as rules see them: words, hashtags and mentions, whatever the script. Pure.

Letters are compared as NFKC with case folded (Unicode's NFKC_Casefold, but for characters that it
ignores), so that ACME in full width
and acme are one word, and ß is ss. A word is a run of letters, marks,
digits and underscores. Scripts that put no spaces between words give a word a character, and so
do emojis: 東京 is found in 東京都 as a phrase of two.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import regex

# the prolonged sound mark is common to two scripts, and Hangul joins particles to its words
SPACELESS: Final = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD: Final = regex.compile(
    rf"[[\p{{L}}\p{{M}}\p{{N}}]&&[{SPACELESS}]]|\p{{So}}|[[\p{{L}}\p{{M}}\p{{N}}_]--[{SPACELESS}]]+",
    regex.V1,
)
_LETTER: Final = r"[\p{L}\p{M}\p{N}_]"
_HASHTAG: Final = regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{N}}_&/])#({_LETTER}+)", regex.V1)
_MENTION: Final = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}\p{{N}}_./])@({_LETTER}(?:[\p{{L}}\p{{M}}\p{{N}}_.@-]*{_LETTER})?)",
    regex.V1,
)


def folded(text: str) -> str:
    """A text as it is compared."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> list[str]:
    """Words of a folded text, in order."""
    return _WORD.findall(text)


def is_mark(text: str) -> bool:
    """Whether a folded text is one `#hashtag` or `@mention`."""
    return bool(_HASHTAG.fullmatch(text) or _MENTION.fullmatch(text))


@dataclass(frozen=True, slots=True)
class PostText:
    """What rules may ask of a post."""

    text: str
    platform: str
    lang: str | None = None
    author_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A post as rules see it.

    Attributes:
        joined: its words with a space around each, so that a phrase is a part of it.
        atoms: its words, `#hashtag`s, `@mention`s, and fields as in `lang:en`.
        pairs: neighbouring words with a space between.
    """

    joined: str
    atoms: frozenset[str]
    pairs: frozenset[str]


def read(post: PostText) -> Reading:
    """What rules see of a post."""
    text = folded(post.text)
    found = words(text)
    return Reading(
        joined=f" {' '.join(found)} ",
        atoms=frozenset((*found, *_marked(text), *_fields(post))),
        pairs=frozenset(map(" ".join, pairwise(found))),
    )


def _marked(text: str) -> Iterator[str]:
    if "#" in text:
        for name in _HASHTAG.findall(text):
            yield f"#{name}"
    if "@" in text:
        for name in _MENTION.findall(text):
            yield f"@{name}"
            local = name.partition("@")[0]
            if local != name:
                yield f"@{local}"  # of @name@host


def _fields(post: PostText) -> Iterator[str]:
    yield f"platform:{folded(post.platform)}"
    if post.author_id is not None:
        yield f"author:{folded(post.author_id)}"
    if post.lang is not None:
        subtags = folded(post.lang).replace("_", "-").split("-")
        for count in range(1, len(subtags) + 1):
            yield f"lang:{'-'.join(subtags[:count])}"
