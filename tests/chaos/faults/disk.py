"""The disk is full where a worker writes: its log."""

import asyncio
import resource
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import EFFECT_WITHIN_S, Scene

HELD_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class DiskFull:
    """No file of a worker may grow; then Redis is restarted, and they end without a word."""

    name: str = "disk full at the workers; Redis restart"

    async def strike(self, scene: Scene) -> None:
        valkey, pids = scene.servers.valkey, set(scene.crew.pids())
        await scene.moment()
        for pid in pids:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        await asyncio.sleep(HELD_S)
        await asyncio.to_thread(valkey.kill)
        await asyncio.to_thread(valkey.start)

        async def ended() -> bool:
            return pids.isdisjoint(scene.crew.pids())

        if not await scene.until(ended, EFFECT_WITHIN_S):
            raise TimeoutError("a worker that must end lives on with a full disk")
