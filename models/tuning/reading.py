"""How a text encoder reads posts: each alone, or whole conversations with the post's neighbours.

A post alone can be encoded where it is produced, once; a conversation can not, but its posts are
understood better: that reading is for a teacher.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

Reading = Literal["post", "conversation"]

MAX_TOKENS: Final = 64
_MOST_A_CONVERSATION: Final = 380


@dataclass(frozen=True, slots=True)
class Span:
    """Where the tokens of one post stand: `row` of the sequences, from `start` to before `end`."""

    row: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sequences:
    """What goes through the encoder at once.

    Attributes:
        ids: [R, L] of int64.
        mask: [R, L], True for a real token.
        spans: the posts' own tokens, in the order of the posts.
        posts: which post of those given each span is.
    """

    ids: Tensor
    mask: Tensor
    spans: list[Span]
    posts: list[int]


class Reader:
    """Turns texts into sequences of token ids.

    Args:
        tokenizer: of the encoder.
        reading: `post`: a sequence a post, special tokens part of it; `conversation`: posts one
            after the other, a separator behind each, cut between posts at about 380 tokens.
        first: id that opens a sequence.
        separator: id behind each post.
        padding: id that fills up.
    """

    def __init__(
        self, tokenizer: Tokenizer, reading: Reading, first: int, separator: int, padding: int
    ) -> None:
        self.reading = reading
        self._tokenizer = tokenizer
        self._first = first
        self._separator = separator
        self._padding = padding

    def read(self, conversations: Sequence[Sequence[str]], most_tokens: int) -> list[Sequences]:
        """All posts, in groups of like length.

        Args:
            conversations: texts of the posts.
            most_tokens: padded tokens a group, unless one sequence is longer.

        Returns:
            Groups in which each post, counted through all conversations, stands once.
        """
        ids = self._tokens([text for texts in conversations for text in texts])
        rows: list[tuple[list[int], list[tuple[int, int, int]]]] = []  # ids, (post, start, end)
        if self.reading == "post":
            for post, own in enumerate(ids):
                sequence = [self._first, *own[: MAX_TOKENS - 2], self._separator]
                rows.append((sequence, [(post, 0, len(sequence))]))
        else:
            post = 0
            for texts in conversations:
                rows.extend(self._joined(range(post, post + len(texts)), ids))
                post += len(texts)
        rows.sort(key=lambda row: len(row[0]))
        groups: list[list[tuple[list[int], list[tuple[int, int, int]]]]] = []
        for row in rows:
            if not groups or (len(groups[-1]) + 1) * len(row[0]) > most_tokens:
                groups.append([])
            groups[-1].append(row)
        return [self._pad(group) for group in groups]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [one.ids[:MAX_TOKENS] or [self._separator] for one in encoded]

    def _joined(
        self, posts: range, ids: list[list[int]]
    ) -> list[tuple[list[int], list[tuple[int, int, int]]]]:
        rows: list[tuple[list[int], list[tuple[int, int, int]]]] = []
        for post in posts:
            own = ids[post]
            if not rows or len(rows[-1][0]) + len(own) + 1 > _MOST_A_CONVERSATION:
                rows.append(([self._first], []))
            sequence, places = rows[-1]
            places.append((post, len(sequence), len(sequence) + len(own)))
            sequence.extend((*own, self._separator))
        return rows

    def _pad(self, rows: list[tuple[list[int], list[tuple[int, int, int]]]]) -> Sequences:
        longest = max(len(sequence) for sequence, _ in rows)
        ids = torch.full((len(rows), longest), self._padding)  # [R, L]
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)  # [R, L]
        spans, posts = [], []
        for row, (sequence, places) in enumerate(rows):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            mask[row, : len(sequence)] = True
            for post, start, end in places:
                spans.append(Span(row, start, end))
                posts.append(post)
        return Sequences(ids, mask, spans, posts)
