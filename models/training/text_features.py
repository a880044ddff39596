"""Token vectors of a corpus, computed once and kept in a cache folder."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import TrainingDataError
from models.training.corpus import Conversation, Corpus, LabelledPost

_TEXTS_A_CALL: Final = 512


class Encoder(Protocol):
    """What turns texts into token vectors."""

    @property
    def name(self) -> str:
        """Which encoder it is; another one, or other weights, have another name."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order, float16 [tokens, width]."""


class TextFeatures:
    """Token vectors with a cache, one file for an encoder and a list of texts.

    Args:
        encoder: makes the vectors; its name is part of the cache's key.
        cache: folder, made if it is not there; None keeps nothing.
        progress: called with (texts done, texts in all) while vectors are made.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._encoder = encoder
        self._cache = cache
        self._progress = progress

    def of(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order, float16 [tokens, width]; a text twice is one."""
        unique = list(dict.fromkeys(texts))
        vectors = dict(zip(unique, self._of_unique(unique), strict=True))
        return [vectors[text] for text in texts]

    def _of_unique(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        path = self._path(texts)
        kept = None if path is None else _read(path)
        if kept is not None:
            return kept
        found: list[NDArray[np.float16]] = []
        for start in range(0, len(texts), _TEXTS_A_CALL):
            found.extend(self._encoder.encode(texts[start : start + _TEXTS_A_CALL]))
            if self._progress is not None:
                self._progress(len(found), len(texts))
        if path is not None:
            _write(path, found)
        return found

    def _path(self, texts: Sequence[str]) -> Path | None:
        if self._cache is None or not texts:
            return None
        digest = hashlib.sha256("\x00".join([self._encoder.name, *texts]).encode()).hexdigest()
        return self._cache / f"text-{digest[:16]}.npz"


def with_text_features(corpus: Corpus, features: TextFeatures) -> Corpus:
    """The corpus with token vectors of every post's text.

    Args:
        corpus: as a reader gives it; posts that have text features keep them, and posts with a
            blank text get none.
        features: where token vectors come from.

    Returns:
        The same posts in the same order; the text's width is the encoder's.

    Raises:
        TrainingDataError: a post has a blank text and no other features.
    """
    splits = {
        name: _with_text(f"{corpus.name} {name}", conversations, features)
        for name, conversations in corpus.splits.items()
    }
    widths = {
        post.features["text"].shape[1]
        for conversations in splits.values()
        for posts in conversations
        for post in posts
        if "text" in post.features
    }
    if len(widths) > 1:
        raise TrainingDataError(f"{corpus.name}: text features of several widths: {sorted(widths)}")
    width = widths.pop() if widths else corpus.widths[0]
    return replace(corpus, splits=splits, widths=(width, *corpus.widths[1:]))


def require_content(where: str, conversations: Sequence[Conversation]) -> None:
    """See to it that every post has something that a system can read.

    Raises:
        TrainingDataError: a post has a blank text and no other features; says how many.
    """
    blank = sum(
        not post.text.strip() and not post.features for posts in conversations for post in posts
    )
    if blank:
        raise TrainingDataError(
            f"{where}: {blank} posts have a blank text and no other features; leave them out"
        )


def _with_text(
    where: str, conversations: Sequence[Conversation], features: TextFeatures
) -> list[Conversation]:
    require_content(where, conversations)
    every = [post for posts in conversations for post in posts]
    vectors = iter(features.of([post.text for post in every if _lacks_text(post)]))
    return [
        [
            replace(post, features={"text": next(vectors), **post.features})
            if _lacks_text(post)
            else post
            for post in posts
        ]
        for posts in conversations
    ]


def _lacks_text(post: LabelledPost) -> bool:
    return "text" not in post.features and bool(post.text.strip())


def _read(path: Path) -> list[NDArray[np.float16]] | None:
    """What a cache file holds; None where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])[:-1]
            return np.split(arrays["tokens"], ends)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, vectors: Sequence[NDArray[np.float16]]) -> None:
    """Write a cache file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}-{os.getpid()}.partial.npz")
    lengths = np.array([len(tokens) for tokens in vectors])
    np.savez(partial, tokens=np.concatenate(vectors), lengths=lengths)
    partial.replace(path)
