"""The hot store: which conversations have their state in which slot, least recently used out first.

A cache and no more: what a state was computed from is kept beside it, and a request whose posts
begin otherwise does not get it. Not for the states themselves: those are in `Steps`.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import ModelError

LEAST_STATES: Final = 256
_MIB: Final = 2**20


@dataclass(slots=True)
class StateCounts:
    """What became of requests, since the start.

    Attributes:
        hits: found the state of all posts before their own.
        misses: conversations of which nothing usable was kept; with posts before, those are
            computed again.
        evictions: states given up for others.
    """

    hits: int = 0
    misses: int = 0
    evictions: int = 0


def room(states_mib: int, state_bytes: int) -> int:
    """States that fit a memory of so many MiB; `LEAST_STATES` have room anyway."""
    return max(LEAST_STATES, states_mib * _MIB // state_bytes)


@dataclass(slots=True)
class _Entry:
    slot: int
    records: tuple[bytes, ...] = ()


class StateStore:
    """Slots by conversation.

    Args:
        slots: most conversations whose states are kept, at least 1.

    Attributes:
        counts: what became of requests.
    """

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise ModelError(f"room for {slots} states: at least one is needed")
        self.counts = StateCounts()
        self._free = list(range(slots))[::-1]
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def held(self, conversation: Hashable, records: Sequence[bytes], before: int) -> int:
        """How many posts of its window a conversation's state holds; 0: nothing usable is kept.

        Args:
            conversation: its name.
            records: posts of its window.
            before: posts before the first that is to be scored.
        """
        entry = self._entries.get(conversation)
        known = 0 if entry is None else len(entry.records)
        if entry is None or not 0 < known <= before:
            return 0
        return known if entry.records == tuple(records[:known]) else 0

    def take(
        self,
        conversation: Hashable,
        records: Sequence[bytes],
        before: int,
        held: Collection[Hashable],
    ) -> tuple[int, int]:
        """The slot of a conversation, and how many of its posts the state there holds.

        Args:
            conversation: its name.
            records: posts of its window.
            before: posts before the first that is to be scored.
            held: conversations that must not be evicted now.

        Raises:
            ModelError: every slot is held.
        """
        entry = self._entries.get(conversation)
        if entry is None:
            entry = self._entries[conversation] = _Entry(self._slot(held))
        self._entries.move_to_end(conversation)
        known = self.held(conversation, records, before)
        if known:
            self.counts.hits += 1
        else:
            self.counts.misses += 1
            entry.records = ()
        return entry.slot, known

    def put(self, conversation: Hashable, records: Sequence[bytes]) -> None:
        """Say what the state of a conversation was computed from."""
        self._entries[conversation].records = tuple(records)

    def drop(self, conversations: Collection[Hashable]) -> None:
        """Forget conversations, known or not."""
        for conversation in conversations:
            entry = self._entries.pop(conversation, None)
            if entry is not None:
                self._free.append(entry.slot)

    def _slot(self, held: Collection[Hashable]) -> int:
        if self._free:
            return self._free.pop()
        for conversation in self._entries:
            if conversation not in held:
                self.counts.evictions += 1
                return self._entries.pop(conversation).slot
        raise ModelError(f"all {len(self._entries)} states are in use at once")
