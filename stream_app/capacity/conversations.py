"""Which conversation, partition and tracks each next post is of: the same for the same seed.

The rule is the demonstration's (`stream_app.demo.scenario`): a post begins a conversation, or goes
to one of the newest that are live. So lengths are geometric and a few conversations are busy.
"""

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Final

from stream_app.capacity.load import Load

_HASHED: Final = 2654435761  # Knuth's multiplier: spreads neighbours, as the hash of a key does
_WORD: Final = 2**32


@dataclass(frozen=True, slots=True)
class NextPost:
    """Where a post belongs.

    Attributes:
        partition: by its conversation's key.
        tracks: numbers of its tracks, each once.
    """

    conversation: int
    partition: int
    tracks: tuple[int, ...]


class Conversations:
    """An endless stream of posts in conversations.

    Args:
        load: how many converse, partitions and tracks.
        seed: the same seed gives the same stream.
        begun: live conversations that there are before the first post.
    """

    def __init__(self, load: Load, seed: int, begun: int = 0) -> None:
        self._load = load
        self._random = Random(seed)  # noqa: S311 - no secret
        self._open: deque[NextPost] = deque(maxlen=load.conversing.live)
        self._begun = 0
        for _ in range(begun):
            self._begin()

    def next_post(self) -> NextPost:
        """Where the next post belongs."""
        begins = self._random.random() < self._load.conversing.new_share
        if self._open and not begins:
            return self._open[self._random.randrange(len(self._open))]
        return self._begin()

    def _begin(self) -> NextPost:
        self._begun += 1
        opened = NextPost(
            self._begun,
            self._begun * _HASHED % _WORD * self._load.partitions // _WORD,
            self._tracks(),
        )
        self._open.append(opened)
        return opened

    def _tracks(self) -> tuple[int, ...]:
        wanted = min(self._load.tracks_per_post, self._load.tracks)
        if wanted == 1:
            return (self._random.randrange(self._load.tracks),)
        return tuple(sorted(self._random.sample(range(self._load.tracks), wanted)))
