"""The window of each conversation: records of its last posts, oldest first.

A bounded memory beside the store: a conversation that is not here is loaded by who asks. Records
are opaque bytes that begin with the stamp of the model that made them. Not for how the store keeps
a post: that is `connectors.schemas.kept_post`.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from connectors.schemas.kept_post import record_of, sentiment_of
from connectors.schemas.labels import Sentiment
from connectors.schemas.scoring import WindowRequest, surplus

WINDOWS_HELD: Final = 20_000  # by a worker: at most 0.8 GB


class ConversationKey(NamedTuple):
    """A conversation within a source partition.

    Producers hash keys differently, so a conversation can in principle be in two partitions:
    each then has a window of its own, and neither depends on the other's order.
    """

    partition: int
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Window:
    """What is held of one conversation.

    Attributes:
        foreign: posts at its beginning whose records another model made; they take their places
            as in the store, so that a window held and one loaded again are the same.
        records: of the present model, oldest first.
        last: sentiment of the newest post, whichever model said it; None where none is known.
    """

    foreign: int
    records: tuple[bytes, ...]
    last: Sentiment | None = None

    def followed_by(
        self, new: Sequence[bytes], length: int, last: Sentiment | None = None
    ) -> "Window":
        """The window behind newer posts, the last of that sentiment, cut to its length."""
        records = (*self.records, *new)
        leave = surplus(self.foreign + len(records), length)
        return Window(
            max(0, self.foreign - leave),
            records[max(0, leave - self.foreign) :],
            last if new else self.last,
        )

    def requests(
        self, new: Sequence[bytes], length: int, conversation: ConversationKey
    ) -> list[WindowRequest]:
        """Requests that score new posts of the conversation, each in its own window.

        Args:
            new: records of the posts to score, oldest first.
            length: most posts in a window.
            conversation: its name.

        Returns:
            Requests whose targets, read in order, are the new posts in order; posts whose windows
            begin at the same post share one.
        """
        everything = (*self.records, *new)
        starts = [
            max(0, surplus(self.foreign + at + 1, length) - self.foreign)
            for at in range(len(self.records), len(everything))
        ]
        requests = []
        for start in dict.fromkeys(starts):
            first = len(self.records) + starts.index(start)
            stop = first + starts.count(start)
            targets = tuple(range(first - start, stop - start))
            requests.append(WindowRequest(everything[start:stop], targets, conversation))
        return requests


class Windows:
    """Windows held in memory, least recently used out first.

    Args:
        length: most posts in a window, the post being scored included.
        stamp: first bytes of every record of the present model; others are not shown to it.
        capacity: most conversations held.
    """

    def __init__(self, length: int, stamp: bytes, capacity: int) -> None:
        self._length = length
        self._stamp = stamp
        self._capacity = capacity
        self._held: OrderedDict[ConversationKey, Window] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def length(self) -> int:
        """Most posts in a window."""
        return self._length

    def missing(self, keys: Iterable[ConversationKey]) -> list[ConversationKey]:
        """Those not held, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._held]

    def load(self, key: ConversationKey, posts: Sequence[bytes]) -> None:
        """Take a window from the store, where `kept_post` made the posts."""
        records = [record_of(post) for post in posts]
        last = sentiment_of(posts[-1]) if posts else None
        own = 0
        for record in reversed(records):
            if not record.startswith(self._stamp):
                break
            own += 1
        foreign = len(records) - own
        whole = Window(foreign, tuple(records[foreign:]), last)
        self._hold(key, whole.followed_by((), self._length))

    def window(self, key: ConversationKey) -> Window:
        """A held window.

        Raises:
            KeyError: it is not held; load it first.
        """
        self._held.move_to_end(key)
        return self._held[key]

    def append(
        self, key: ConversationKey, records: Sequence[bytes], last: Sentiment | None = None
    ) -> None:
        """Add newer records to a held window; `last` is the sentiment of the newest.

        Raises:
            KeyError: it is not held; load it first.
        """
        self._hold(key, self._held[key].followed_by(records, self._length, last))

    def shrink(self) -> int:
        """Let go of the least recently used beyond the capacity; returns how many."""
        excess = max(0, len(self._held) - self._capacity)
        for _ in range(excess):
            self._held.popitem(last=False)
        return excess

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._held.clear()

    def _hold(self, key: ConversationKey, window: Window) -> None:
        self._held[key] = window
        self._held.move_to_end(key)
