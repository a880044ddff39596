"""Which new posts are computed as one padded tensor, and how large it is.

Plain decisions without tensors. Shapes are few where each costs a captured graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.schemas.scoring import surplus

_ON_GPU: Final = (256, 64, 16)
_ON_CPU: Final = (64, 16)  # what is gathered of more no longer fits a processor's caches
_ROWS: Final = 1024  # padded posts in a tensor of more conversations than the fewest


@dataclass(frozen=True, slots=True)
class Shape:
    """A padded tensor of new posts.

    Attributes:
        conversations: B.
        posts: N, new posts of each.
        targets: M, posts to score of each.
    """

    conversations: int
    posts: int
    targets: int


@dataclass(frozen=True, slots=True)
class Pass:
    """Turns `start` to `stop` of a batch, and the shape that holds them."""

    start: int
    stop: int
    shape: Shape


class Shapes:
    """Divides turns into passes.

    Args:
        window: most posts of a conversation.
        few: fill passes up to one of `whole`; else each is as large as its turns need.
    """

    def __init__(self, window: int, *, few: bool) -> None:
        # one post at a time, or some; a window that jumped and some; a window from its beginning
        jumped = window + 1 - surplus(window + 1, window)
        self._steps = sorted({min(posts, window) for posts in (1, 2, 4, jumped + 3, window)})
        self._sizes = _ON_GPU if few else _ON_CPU
        self._few = few

    @property
    def whole(self) -> list[tuple[int, int]]:
        """Conversations and posts of all shapes that passes are filled up to, largest first."""
        return [
            (conversations, posts)
            for posts in reversed(self._steps)
            for conversations in self._sizes
            if conversations <= self._most(posts)
        ]

    def passes(self, new: Sequence[int], targets: Sequence[int]) -> list[Pass]:
        """Passes over turns.

        Args:
            new: posts of each, from 1 to a window, descending.
            targets: how many of them are scored, at least 1 each.

        Returns:
            Passes that hold each turn once, in order; those of a pass are of like length.
        """
        passes = []
        start = 0
        while start < len(new):
            posts = self._step(new[start])
            stop = start + 1
            while (
                stop < len(new)
                and stop - start < self._most(posts)
                and self._step(new[stop]) == posts
            ):
                stop += 1
            passes.append(Pass(start, stop, self._shape(new[start:stop], targets[start:stop])))
            start = stop
        return passes

    def _shape(self, new: Sequence[int], targets: Sequence[int]) -> Shape:
        if not self._few:
            return Shape(len(new), max(new), max(targets))
        posts = self._step(max(new))
        conversations = min(own for own in self._sizes if own >= len(new))
        return Shape(conversations, posts, 1 if max(targets) == 1 else posts)

    def _step(self, new: int) -> int:
        return next(posts for posts in self._steps if posts >= new)

    def _most(self, posts: int) -> int:
        """Conversations in a pass of so many new posts each."""
        return next((own for own in self._sizes if own * posts <= _ROWS), self._sizes[-1])
