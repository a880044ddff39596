"""Many rules on one post, fast: only those are tried whose needed words are there. Pure.

Of each rule a set of keys is taken of which a post must hold one for the rule to hold; an index
leads from keys to rules. A rule that needs nothing, such as NOT spam, is tried on every post.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from connectors.tracks.query import All, AnyOf, Atom, Not, Phrase, Query
from connectors.tracks.reading import PostText, Reading, read

COMMON_FIELDS: Final = ("lang:", "platform:")
COMMON: Final = 1000  # as bad a key as a thousand rare words
LONG_WORD: Final = 8  # letters; shorter words are more common

Test = Callable[[Reading], bool]


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys of which one must be there, and how many posts are likely to hold one."""

    names: frozenset[str]
    cost: int


class Rules:
    """Rules by track, compiled.

    Args:
        queries: track -> what its posts must hold.

    Attributes:
        tracks: names, in the order given.
        always: tracks whose rule is tried on every post.
    """

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self.tracks: Sequence[str] = tuple(queries)
        self._tests = [compiled(query) for query in queries.values()]
        self._index: dict[str, list[int]] = {}
        self._always: list[int] = []
        for at, query in enumerate(queries.values()):
            keys = _keys(query)
            if keys is None:
                self._always.append(at)
                continue
            for name in keys.names:
                self._index.setdefault(name, []).append(at)
        self.always: Sequence[str] = tuple(self.tracks[at] for at in self._always)

    def match(self, post: PostText) -> list[str]:
        """The tracks whose rules hold of a post, in the order of the rules."""
        reading = read(post)
        index = self._index
        tried = set(self._always)
        for keys in (reading.atoms, reading.pairs):
            for key in keys:
                if key in index:
                    tried.update(index[key])
        return [self.tracks[at] for at in sorted(tried) if self._tests[at](reading)]


def compiled(query: Query) -> Test:
    """A function that tries a query on a post."""
    match query:
        case Phrase(words=(word,)):
            return lambda reading: word in reading.atoms
        case Phrase(words=words):
            text = f" {' '.join(words)} "
            return lambda reading: text in reading.joined
        case Atom(name=name):
            return lambda reading: name in reading.atoms
        case Not(part=part):
            test = compiled(part)
            return lambda reading: not test(reading)
        case All(parts=parts):
            tests = tuple(map(compiled, parts))
            return lambda reading: all(test(reading) for test in tests)
        case AnyOf(parts=parts):
            tests = tuple(map(compiled, parts))
            return lambda reading: any(test(reading) for test in tests)


def _keys(query: Query) -> _Keys | None:
    """The best keys of a query; None where it may hold without any."""
    match query:
        case Phrase(words=words):
            return _phrase_keys(words)
        case Atom(name=name):
            return _Keys(frozenset([name]), COMMON if name.startswith(COMMON_FIELDS) else 1)
        case Not():
            return None
        case All(parts=parts):
            found = [keys for part in parts if (keys := _keys(part)) is not None]
            return min(found, key=lambda keys: keys.cost, default=None)
        case AnyOf(parts=parts):
            return _joined_keys([_keys(part) for part in parts])


def _phrase_keys(words: tuple[str, ...]) -> _Keys:
    if len(words) == 1:
        return _Keys(frozenset(words), 1 + max(0, LONG_WORD - len(words[0])))
    return _Keys(frozenset([max(map(" ".join, pairwise(words)), key=len)]), 1)


def _joined_keys(parts: Sequence[_Keys | None]) -> _Keys | None:
    known = [keys for keys in parts if keys is not None]
    if len(known) < len(parts):
        return None
    names = frozenset(name for keys in known for name in keys.names)
    return _Keys(names, sum(keys.cost for keys in known))
