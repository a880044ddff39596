"""GloVe's word vectors from their text file. Not for which words a text has: `words` finds those.

Source: Pennington, Socher & Manning 2014, EMNLP, 1532-1543.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.paper.errors import FeatureFileError

Vectors = dict[str, NDArray[np.float32]]


def read_glove(path: Path, wanted: Collection[str], width: int) -> Vectors:
    """The vectors of some words, reading the file line by line and no further than needed.

    Args:
        path: UTF-8, a line a word: the word, then `width` numbers, spaces between. A word may
            hold spaces, as some of the Common Crawl's do.
        wanted: words as they stand in the file.
        width: numbers of a vector.

    Returns:
        Word -> float32 [width], of those that are there; the first where one stands twice.

    Raises:
        FeatureFileError: a line has too few numbers, or what is no finite number.
        OSError: the file cannot be read.
    """
    left = {word.encode() for word in wanted}
    vectors: Vectors = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not left:
                break
            word, *cells = line.rstrip(b"\r\n ").rsplit(b" ", width)
            if len(cells) < width:
                raise FeatureFileError(
                    path, number, f"a word and {width} numbers are needed; {len(cells)} are there"
                )
            if number == 1:
                _parsed(path, number, cells)  # another file is told at once, not when a word fits
            if word in left:
                left.remove(word)
                vectors[word.decode()] = _parsed(path, number, cells)
    return vectors


def text_steps(words: Iterator[str], vectors: Vectors, max_steps: int) -> NDArray[np.float32]:
    """Vectors of a text's words, [steps, width]; [0, 0] where none is known.

    Args:
        words: in their order; one that is not known is looked for in lower case, then left out.
        vectors: of `read_glove`.
        max_steps: what follows is left out.
    """
    found = [
        vectors[known]
        for word in words
        if (known := word if word in vectors else word.lower()) in vectors
    ]
    return np.stack(found[:max_steps]) if found else np.empty((0, 0), dtype=np.float32)


def _parsed(path: Path, number: int, cells: list[bytes]) -> NDArray[np.float32]:
    try:
        vector = np.array(cells, dtype=np.float32)
    except ValueError as error:
        raise FeatureFileError(path, number, str(error)) from error
    if not np.isfinite(vector).all():
        raise FeatureFileError(path, number, "a number is not finite")
    return vector
