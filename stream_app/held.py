"""The batches under way: few at a time, waited for in a drain, and none of them for ever.

Not for batches that are still to be formed: those wait in `waiting`.
"""

import asyncio
from collections.abc import Callable

from stream_app.exits import CannotGoOn, ExitCode


class HeldBatches:
    """Counts the batches between their forming and their last effect.

    Args:
        most: at a time.
        hang_limit_s: longest time in which none of them is let go, seconds.
        monotonic: seconds that never go back.
    """

    def __init__(self, most: int, hang_limit_s: float, monotonic: Callable[[], float]) -> None:
        self._slots = asyncio.Semaphore(most)
        self._hang_limit_s = hang_limit_s
        self._monotonic = monotonic
        self._held = 0
        self._moved_s = 0.0
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return self._held

    async def room(self) -> None:
        """Wait until one more may be held; `hold` follows."""
        await self._slots.acquire()

    def hold(self) -> None:
        """A batch was formed."""
        if not self._held:
            self._moved_s = self._monotonic()
        self._held += 1
        self._none.clear()

    def let_go(self) -> None:
        """A batch had its last effect."""
        self._moved_s = self._monotonic()
        self._held -= 1
        self._slots.release()
        if not self._held:
            self._none.set()

    async def none(self) -> None:
        """Wait until none is held."""
        await self._none.wait()

    def refuse_to_hang(self) -> None:
        """The guards look at a batch that comes back; one that does not would hold its partitions.

        Raises:
            CannotGoOn: none was let go for longer than one may take.
        """
        still_s = self._monotonic() - self._moved_s
        if self._held and still_s > self._hang_limit_s:
            raise CannotGoOn(
                ExitCode.BATCH_TOO_OLD,
                f"a batch hangs for {still_s:.1f} s, in the model, Redis or Kafka; "
                "look at the GPU, and at how long they take (`voxpop_stage_seconds`)",
            )
