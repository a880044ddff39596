"""Explanations that were made, kept for a while for who asks next. Bounded in number and in time.

Not for whether they may still be told: who asks looks at what Redis holds.
"""

import asyncio
from collections import OrderedDict
from typing import Final, NamedTuple

from connectors.exemplars.explanation import PostExplanation, Task

MOST_KEPT: Final = 500  # about 10 KB each
KEPT_S: Final = 600.0


class ExplanationKey(NamedTuple):
    """What an explanation is of.

    Attributes:
        mark: of the window.
        text: of the post; None where it is not kept.
    """

    post_id: str
    mark: str
    task: Task
    text: str | None


class KeptExplanations:
    """Explanations by what they are of; the least recently asked for goes first.

    An explanation holds the words of its post. So it goes by itself some time after it was made,
    whether anybody asks again or not: what Redis forgot does not outlive that here.

    Args:
        kept_s: how long after it was made it goes, seconds.
        most: how many are kept.
    """

    def __init__(self, kept_s: float = KEPT_S, most: int = MOST_KEPT) -> None:
        self._kept_s = kept_s
        self._most = most
        self._kept: OrderedDict[ExplanationKey, PostExplanation] = OrderedDict()
        self._ends: dict[ExplanationKey, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: ExplanationKey) -> PostExplanation | None:
        """What is kept; None where nothing is."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: ExplanationKey, made: PostExplanation) -> None:
        """Keep one that was just made. Called where an event loop runs."""
        self._remove(key)
        self._kept[key] = made
        self._ends[key] = asyncio.get_running_loop().call_later(self._kept_s, self._remove, key)
        if len(self._kept) > self._most:
            self._remove(next(iter(self._kept)))

    def drop(self, post_id: str, *but: str | None) -> None:
        """Forget explanations of a post, but those of these texts."""
        for key in [each for each in self._kept if each.post_id == post_id]:
            if key.text not in but:
                self._remove(key)

    def clear(self) -> None:
        """Forget all."""
        for key in list(self._kept):
            self._remove(key)

    def _remove(self, key: ExplanationKey) -> None:
        self._kept.pop(key, None)
        if (end := self._ends.pop(key, None)) is not None:
            end.cancel()
