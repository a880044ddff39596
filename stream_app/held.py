"""The batches under way: waited for in a drain, and none of them for ever.

Not for batches that are still to be formed: those wait in `waiting`. How many may be under way is
decided in `core.flow`.
"""

import asyncio
from collections.abc import Callable
from typing import Generic

from stream_app.core.batching import Item
from stream_app.core.flow import Flow
from stream_app.exits import CannotGoOn, ExitCode


class HeldBatches(Generic[Item]):
    """The batches between their forming and their last effect.

    Args:
        flow: counts them.
        hang_limit_s: longest time in which none of them is let go, seconds.
        monotonic: seconds that never go back.
    """

    def __init__(
        self, flow: Flow[Item], hang_limit_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._flow = flow
        self._hang_limit_s = hang_limit_s
        self._monotonic = monotonic
        self._moved_s = 0.0
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return self._flow.held

    def held(self) -> None:
        """A batch was formed."""
        if self._flow.held == 1:
            self._moved_s = self._monotonic()
        self._none.clear()

    def let_go(self) -> None:
        """A batch had its last effect."""
        self._moved_s = self._monotonic()
        self._flow.let_go()
        if not self._flow.held:
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
        if self._flow.held and still_s > self._hang_limit_s:
            raise CannotGoOn(
                ExitCode.BATCH_TOO_OLD,
                f"a batch hangs for {still_s:.1f} s, in the model, Redis or Kafka; "
                "look at the GPU, and at how long they take (`voxpop_stage_seconds`)",
            )
