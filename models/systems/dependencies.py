"""The graph that a text's dependency tree makes over its encoder's word pieces.

Word pieces of a word are joined to the word's first piece, and that to the first piece of the
word's head. Not for parsing: that is `models.systems.dependency_parser`.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np
from tokenizers import Tokenizer

from models.readable_text import readable_text
from models.systems.dependency_parser import Tree, Trees
from models.systems.posts import Edges
from models.training.corpus import Conversation, Corpus, LabelledPost

_NONE: Final = -1

Places = Sequence[tuple[int, int]]
"""For each piece its first character in the text and one past its last; (0, 0): special."""


class WordPieces:
    """Where an encoder's word pieces stand in a text.

    Args:
        tokenizer: of the encoder; it is copied.
        max_tokens: pieces, special ones counted, after which the encoder cuts a text.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)

    def places(self, texts: Sequence[str]) -> list[Places]:
        """The places of each text's pieces, in order."""
        return [encoding.offsets for encoding in self._tokenizer.encode_batch(list(texts))]


def with_dependencies(corpus: Corpus, trees: Trees, pieces: WordPieces) -> Corpus:
    """The corpus with the edges of every post whose text an encoder is yet to read.

    Call it before the corpus gets its text features: posts that bring text features of their own
    have no word pieces, and get no edges.

    Args:
        corpus: as a reader gives it.
        trees: where dependency trees come from.
        pieces: of the encoder that will make the text features.

    Returns:
        The same posts in the same order.
    """
    splits = {
        name: _with_edges(conversations, trees, pieces)
        for name, conversations in corpus.splits.items()
    }
    return replace(corpus, splits=splits)


def piece_edges(tree: Tree, places: Places) -> Edges:
    """Edges between word pieces.

    A word that has no piece (the text was cut, or its piece belongs to another word) passes its
    head on to the words below it. Special pieces are joined to every root, so that the sentences of
    a text are joined through them.

    Args:
        tree: of the text.
        places: of its pieces.

    Returns:
        [E, 2], each pair once, the lower piece first; all pieces hang together.
    """
    owners = _owners(tree, places)
    firsts = [_NONE] * len(tree)
    for piece in reversed(range(len(places))):
        if owners[piece] != _NONE:
            firsts[owners[piece]] = piece
    pairs = {(firsts[word], piece) for piece, word in enumerate(owners) if word != _NONE}
    roots = []
    for word, first in enumerate(firsts):
        if first != _NONE:
            above = _above(tree, firsts, word)
            if above == _NONE:
                roots.append(first)
            else:
                pairs.add((min(first, above), max(first, above)))
    special = [piece for piece, word in enumerate(owners) if word == _NONE]
    ties = product(roots or special[:1], special or roots[:1])
    pairs.update((min(tie), max(tie)) for tie in ties)
    joined = sorted((one, other) for one, other in pairs if one != other)
    return np.array(joined, np.int16).reshape(-1, 2)


def _owners(tree: Tree, places: Places) -> list[int]:
    """The word that each piece shares most characters with; the first of equals."""
    owners = []
    words = [(int(start), int(end)) for start, end, _ in tree]
    near = 0
    for start, end in places:
        while near < len(words) and words[near][1] <= start:
            near += 1
        best, most = _NONE, 0
        for word in range(near, len(words)):
            if words[word][0] >= end:
                break
            shared = min(end, words[word][1]) - max(start, words[word][0])
            if shared > most:
                best, most = word, shared
        owners.append(best)
    return owners


def _above(tree: Tree, firsts: Sequence[int], word: int) -> int:
    """First piece of the nearest word above that has one."""
    head = int(tree[word, 2])
    while head != word:
        if firsts[head] != _NONE:
            return firsts[head]
        word, head = head, int(tree[head, 2])
    return _NONE


def _with_edges(
    conversations: Sequence[Conversation], trees: Trees, pieces: WordPieces
) -> list[Conversation]:
    texts = [
        readable_text(post.text) for posts in conversations for post in posts if _is_read(post)
    ]
    edges = iter(map(piece_edges, trees.of(texts), pieces.places(texts)))
    return [
        [replace(post, edges=next(edges)) if _is_read(post) else post for post in posts]
        for posts in conversations
    ]


def _is_read(post: LabelledPost) -> bool:
    return "text" not in post.features and bool(post.text.strip())
