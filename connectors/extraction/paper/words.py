"""A text's words as GloVe's files have them. Not for the tokens of a text encoder."""

import re
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"n't\b|'(?:s|re|ve|d|m|ll)\b|\w+?(?=n't\b)|\w+|[^\w\s]", re.IGNORECASE)


def words(text: str) -> Iterator[str]:
    """Words and marks one by one; `don't` is `do` and `n't`, as in the Penn Treebank.

    >>> list(words("I don't, it's fine!"))
    ['I', 'do', "n't", ',', 'it', "'s", 'fine', '!']
    """
    for found in _WORD.finditer(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")):
        yield found.group()
