"""Brokers die and come back."""

import asyncio
from dataclasses import dataclass

from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class BrokerRestart:
    """The only broker is killed and started again at once, or after a while."""

    away_s: float = 0.0

    @property
    def name(self) -> str:
        return f"broker away for {self.away_s:.0f} s" if self.away_s else "broker SIGKILL, restart"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        await asyncio.to_thread(scene.servers.kafka.kill, 1)
        await asyncio.sleep(self.away_s)
        await asyncio.to_thread(scene.servers.kafka.start)


@dataclass(frozen=True, slots=True)
class BrokerLost:
    """One of several brokers is killed; the others go on, and after a while it comes back."""

    name: str = "one broker of three lost"

    async def strike(self, scene: Scene) -> None:
        kafka = scene.servers.kafka
        await scene.moment()
        lost = scene.random.randint(1, kafka.size)
        await asyncio.to_thread(kafka.kill, lost)
        await scene.recover()  # by the others alone
        await asyncio.to_thread(kafka.start)
