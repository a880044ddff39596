"""How long to wait before another try. Not for the waiting itself."""

import random


class Backoff:
    """Waits that double with each failure, spread so that clients do not come back together.

    Args:
        first_s: the first wait is between half of it and all of it.
        longest_s: no wait is longer.

    Source: "equal jitter" of Brooker 2015, Exponential Backoff And Jitter, AWS Architecture Blog:
    unlike full jitter it never comes near 0.
    """

    def __init__(self, first_s: float = 1.0, longest_s: float = 120.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def next_wait_s(self, at_least_s: float = 0.0) -> float:
        """The wait after one more failure.

        Args:
            at_least_s: what the other side asked for.
        """
        step_s = min(self._longest_s, self._first_s * 2 ** min(self._failures, 32))
        self._failures += 1
        return at_least_s + random.uniform(step_s / 2, step_s)  # noqa: S311 - no secret

    def reset(self) -> None:
        """It worked: the next failure is a first one."""
        self._failures = 0
