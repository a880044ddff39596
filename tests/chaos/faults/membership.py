"""Workers join, leave by SIGTERM, and come back."""

import os
import signal
from dataclasses import dataclass
from typing import Literal

from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Restart:
    """One worker after the other is stopped by SIGTERM and started again, as in an upgrade."""

    name: str = "rolling restart"

    async def strike(self, scene: Scene) -> None:
        for member in list(scene.crew.running()):
            await scene.moment()
            await scene.crew.stop(member)
            scene.crew.come_back(member)
            await scene.ready(len(scene.crew.running()))


@dataclass(frozen=True, slots=True)
class JoinAndLeave:
    """A worker more joins; then another leaves for good."""

    name: str = "join and leave"

    async def strike(self, scene: Scene) -> None:
        leaver = scene.someone()
        await scene.moment()
        scene.crew.join()
        await scene.ready(len(scene.crew.running()))
        await scene.moment()
        await scene.crew.stop(leaver)


@dataclass(frozen=True, slots=True)
class StopUnanswered:
    """A worker is asked to end while a server stands still, and must not wait for it.

    Args:
        server: which.
    """

    server: Literal["Kafka", "Redis"]

    @property
    def name(self) -> str:
        return f"SIGTERM while {self.server} stands still"

    async def strike(self, scene: Scene) -> None:
        servers, leaver = scene.servers, scene.someone()
        pids = servers.kafka.pids() if self.server == "Kafka" else [servers.valkey.pid]
        await scene.moment()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            await scene.crew.stop(leaver)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        scene.crew.come_back(leaver)
