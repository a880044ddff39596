"""How a text encoder reads posts: each alone, behind the posts before it, or a conversation whole.

A post alone can be encoded where it is produced, once. With others beside it, it is understood
better and has to be encoded where the conversation is: those readings are for a teacher.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

Reading = Literal["post", "context", "conversation"]

MAX_TOKENS: Final = 64
_MOST_A_CONVERSATION: Final = 380
_MOST_WITH_CONTEXT: Final = 128

_Row = tuple[list[int], list[tuple[int, int, int]]]
"""Ids of a sequence, and (post, start, end) of the posts that it is read for."""


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
        reading: `post`: a sequence a post, special tokens part of it; `context`: a sequence a
            post, the posts before it in front, the oldest left out past 128 tokens;
            `conversation`: posts one after the other, cut between posts at about 380 tokens. A
            separator stands behind each post.
        first: id that opens a sequence.
        separator: id behind each post.
        padding: id that fills up.
        context: posts before a post that the reading `context` puts in front of it.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        reading: Reading,
        first: int,
        separator: int,
        padding: int,
        context: int = 6,
    ) -> None:
        self.reading = reading
        self.tokenizer = tokenizer
        self._first = first
        self._separator = separator
        self._padding = padding
        self._context = context

    def read(self, conversations: Sequence[Sequence[str]], most_tokens: int) -> list[Sequences]:
        """All posts, in groups of like length.

        Args:
            conversations: texts of the posts.
            most_tokens: padded tokens a group, unless one sequence is longer.

        Returns:
            Groups in which each post, counted through all conversations, stands once.
        """
        ids = self._tokens([text for texts in conversations for text in texts])
        as_rows = {"post": self._alone, "context": self._behind, "conversation": self._joined}
        rows: list[_Row] = []
        start = 0
        for texts in conversations:
            posts = range(start, start + len(texts))
            rows.extend(as_rows[self.reading](posts, ids))
            start = posts.stop
        rows.sort(key=lambda row: len(row[0]))
        groups: list[list[_Row]] = []
        for row in rows:
            if not groups or (len(groups[-1]) + 1) * len(row[0]) > most_tokens:
                groups.append([])
            groups[-1].append(row)
        return [self._pad(group) for group in groups]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        encoded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [one.ids[:MAX_TOKENS] or [self._separator] for one in encoded]

    def _alone(self, posts: range, ids: list[list[int]]) -> Iterator[_Row]:
        for post in posts:
            sequence = [self._first, *ids[post][: MAX_TOKENS - 2], self._separator]
            yield sequence, [(post, 0, len(sequence))]

    def _behind(self, posts: range, ids: list[list[int]]) -> Iterator[_Row]:
        for post in posts:
            own = ids[post]
            before: list[int] = []
            for earlier in range(post - 1, max(posts.start, post - self._context) - 1, -1):
                longer = [*ids[earlier], self._separator, *before]
                if len(longer) + len(own) + 2 > _MOST_WITH_CONTEXT:
                    break
                before = longer
            start = 1 + len(before)
            sequence = [self._first, *before, *own, self._separator]
            yield sequence, [(post, start, start + len(own))]

    def _joined(self, posts: range, ids: list[list[int]]) -> list[_Row]:
        rows: list[_Row] = []
        for post in posts:
            own = ids[post]
            if not rows or len(rows[-1][0]) + len(own) + 1 > _MOST_A_CONVERSATION:
                rows.append(([self._first], []))
            sequence, places = rows[-1]
            places.append((post, len(sequence), len(sequence) + len(own)))
            sequence.extend((*own, self._separator))
        return rows

    def _pad(self, rows: list[_Row]) -> Sequences:
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
