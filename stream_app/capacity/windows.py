"""Which windows and states a simulated worker has, and what it computes again.

The rules are the worker's: windows are let go least recently used first, a full window gives up
its oldest three quarters at once (`connectors.schemas.scoring.surplus`), and a state that is not
there is computed from the window. Only lengths are kept, no posts.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.schemas.scoring import surplus


@dataclass(slots=True)
class Looked:
    """What a post's window asks of model and store.

    Attributes:
        context: posts before it that the model looks at by a kept state.
        rebuilt: posts before it that are computed again.
        read: windows read from Redis.
    """

    context: int = 0
    rebuilt: int = 0
    read: int = 0


class SimulatedWindows:
    """Windows and states of one worker.

    Args:
        length: most posts in a window.
        windows: conversations whose window is held.
        states: conversations whose state is kept.
        stored: posts in Redis of each of the first conversations, by number from 1 on.
    """

    def __init__(self, length: int, windows: int, states: int, stored: Sequence[int] = ()) -> None:
        self._length = length
        self._windows = windows
        self._states = states
        self._held: OrderedDict[int, int] = OrderedDict()
        self._kept: OrderedDict[int, None] = OrderedDict()
        self._stored = {number: min(own, length) for number, own in enumerate(stored, start=1)}

    def look(self, conversation: int) -> Looked:
        """Take the next post of a conversation into its window."""
        looked = Looked()
        before = self._held.pop(conversation, None)
        if before is None:
            looked.read = 1
            before = self._stored.get(conversation, 0)
        leave = surplus(before + 1, self._length)
        context = before - leave
        if conversation in self._kept and not leave:
            looked.context = context
        else:
            looked.rebuilt = context
        self._keep(conversation)
        self._held[conversation] = self._stored[conversation] = context + 1
        if len(self._held) > self._windows:
            self._held.popitem(last=False)
        return looked

    def _keep(self, conversation: int) -> None:
        self._kept.pop(conversation, None)
        self._kept[conversation] = None
        if len(self._kept) > self._states:
            self._kept.popitem(last=False)
