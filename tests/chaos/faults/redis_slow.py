"""Redis answers late, and its connections break."""

import asyncio
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import Scene

SLOW_S: Final = 0.3  # slow, and fast enough
TOO_SLOW_S: Final = 4.0  # a batch takes longer than it may
HELD_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class RedisSlow:
    """Every answer comes late: first by a little, then by too much."""

    name: str = "Redis slow"

    async def strike(self, scene: Scene) -> None:
        proxy = scene.servers.proxy
        await scene.moment()
        try:
            for proxy.delay_s in (SLOW_S, TOO_SLOW_S):
                await asyncio.sleep(HELD_S)
        finally:
            proxy.delay_s = 0.0


@dataclass(frozen=True, slots=True)
class RedisCut:
    """Connections break while calls are under way, so that answers are lost."""

    name: str = "Redis connections cut"

    async def strike(self, scene: Scene) -> None:
        proxy = scene.servers.proxy
        proxy.delay_s = 0.05  # so that answers are under way
        try:
            for _ in range(10):
                await scene.moment(1.0)
                await proxy.cut()
        finally:
            proxy.delay_s = 0.0
