"""Token vectors of a corpus, computed once and kept in a cache folder."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.feature_sets import DEFAULT

_TEXTS_A_CALL: Final = 512


class Encoder(Protocol):
    """What turns texts into token vectors, each float16 [tokens, width]."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order."""


class TextFeatures:
    """Token vectors with a cache, one file for a list of texts.

    Args:
        encoder: made only when the cache does not have the texts.
        cache: folder, made if it is not there; None keeps nothing.
        progress: called with (texts done, texts in all).
    """

    def __init__(
        self,
        encoder: Callable[[], Encoder],
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._encoder = encoder
        self._cache = cache
        self._progress = progress

    def of(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order, float16 [tokens, width]."""
        path = self._path(texts)
        if path is not None and path.is_file():
            return self._read(path)
        encoder = self._encoder()
        found: list[NDArray[np.float16]] = []
        for start in range(0, len(texts), _TEXTS_A_CALL):
            found.extend(encoder.encode(texts[start : start + _TEXTS_A_CALL]))
            if self._progress is not None:
                self._progress(len(found), len(texts))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            lengths = np.array([len(tokens) for tokens in found])
            np.savez(path, tokens=np.concatenate(found), lengths=lengths)
        return found

    def _path(self, texts: Sequence[str]) -> Path | None:
        if self._cache is None or not texts:
            return None
        digest = hashlib.sha256("\x00".join([DEFAULT.name, *texts]).encode()).hexdigest()
        return self._cache / f"text-{digest[:16]}.npz"

    @staticmethod
    def _read(path: Path) -> list[NDArray[np.float16]]:
        with np.load(path, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])[:-1]
            return np.split(arrays["tokens"], ends)
