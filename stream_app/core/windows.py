"""The window of each conversation: records of its last posts, oldest first.

A bounded memory beside the store: a conversation that is not here is loaded by who asks. Records
are opaque bytes that begin with the stamp of the model that made them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """A conversation within a source partition.

    Producers hash keys differently, so a conversation can in principle be in two partitions:
    each then has a window of its own, and neither depends on the other's order.
    """

    partition: int
    conversation_id: str


class Windows:
    """Windows held in memory, least recently used out first.

    Args:
        length: most posts in a window, the post being scored included.
        stamp: first bytes of every record of the present model; others are dropped on load.
        capacity: most conversations held.
    """

    def __init__(self, length: int, stamp: bytes, capacity: int) -> None:
        self._length = length
        self._stamp = stamp
        self._capacity = capacity
        self._held: OrderedDict[ConversationKey, tuple[bytes, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def length(self) -> int:
        """Most posts in a window."""
        return self._length

    def missing(self, keys: Iterable[ConversationKey]) -> list[ConversationKey]:
        """Those not held, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._held]

    def load(self, key: ConversationKey, records: Sequence[bytes]) -> None:
        """Take a window from the store; records of another model are dropped."""
        own = (record for record in records if record.startswith(self._stamp))
        self._hold(key, tuple(own))

    def records(self, key: ConversationKey) -> tuple[bytes, ...]:
        """Records of a held window, oldest first, at most `length`.

        Raises:
            KeyError: it is not held; load it first.
        """
        self._held.move_to_end(key)
        return self._held[key]

    def append(self, key: ConversationKey, records: Iterable[bytes]) -> None:
        """Add newer records to a held window.

        Raises:
            KeyError: it is not held; load it first.
        """
        self._hold(key, (*self._held[key], *records))

    def shrink(self) -> int:
        """Let go of the least recently used beyond the capacity; returns how many."""
        excess = max(0, len(self._held) - self._capacity)
        for _ in range(excess):
            self._held.popitem(last=False)
        return excess

    def clear(self) -> None:
        """Forget all: the partitions were revoked."""
        self._held.clear()

    def _hold(self, key: ConversationKey, records: tuple[bytes, ...]) -> None:
        self._held[key] = records[-self._length :]
        self._held.move_to_end(key)
