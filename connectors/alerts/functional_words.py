"""Words that bind others and say nothing of what a post is about, by language.

Articles, pronouns, prepositions, conjunctions, auxiliaries, negations and the commonest adverbs.
Not for scripts without spaces, of which pairs of signs are counted and no words.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

LISTS: Final = Path(__file__).with_suffix(".txt")
UNKNOWN: Final = "en"  # taken for the language of posts that tell none


def functional_words(lang: str | None) -> frozenset[str]:
    """The functional words of a language, folded, with straight apostrophes.

    Args:
        lang: of a post, as in `pt` or `pt-BR`; None where it is not known.

    Returns:
        None of them for a language that has no list.
    """
    primary = (lang or UNKNOWN).replace("_", "-").partition("-")[0].lower()
    return functional_words_by_language().get(primary, frozenset())


@cache
def functional_words_by_language() -> Mapping[str, frozenset[str]]:
    """All lists; a line is a language and some of its words, and those with a # are remarks."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in LISTS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            lang, *words = line.split()
            found[lang].update(words)
    return {lang: frozenset(words) for lang, words in found.items()}
