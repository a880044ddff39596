"""How often one caller may ask: a bucket of tokens that fills at a steady rate. Pure."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

BURST_S: Final = 4.0
MOST_CALLERS: Final = 10_000


class RateLimit:
    """Lets a caller through `per_s` times a second on average, with bursts of four seconds' worth.

    Args:
        per_s: requests a second of one caller, on average.
        clock: seconds that never go back.
    """

    def __init__(self, per_s: float, clock: Callable[[], float]) -> None:
        self._per_s = per_s
        self._most = max(1.0, per_s * BURST_S)
        self._clock = clock
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, caller: str) -> float:
        """Take one request of a caller; 0 where it may go on, else seconds until it may."""
        now = self._clock()
        left, seen_at = self._callers.pop(caller, (self._most, now))
        left = min(self._most, left + (now - seen_at) * self._per_s)
        allowed = left >= 1.0
        self._callers[caller] = (left - 1.0 if allowed else left, now)
        if len(self._callers) > MOST_CALLERS:
            self._callers.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._per_s
