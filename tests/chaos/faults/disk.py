"""A disk is full: where a worker writes its log, where Kafka keeps records, or Redis its file."""

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


@dataclass(frozen=True, slots=True)
class KafkaDiskFull:
    """The only broker cannot write, ends itself, and is started again once there is room."""

    name: str = "disk full at Kafka"

    async def strike(self, scene: Scene) -> None:
        kafka, disk = scene.servers.kafka, scene.servers.disk()
        await scene.moment()
        await asyncio.to_thread(disk.fill)

        async def ended() -> bool:
            return not kafka.runs(1)

        if not await scene.until(ended, EFFECT_WITHIN_S):
            raise TimeoutError("a broker that cannot write lives on")
        await asyncio.sleep(HELD_S)
        await asyncio.to_thread(disk.free)
        await asyncio.to_thread(kafka.start)


@dataclass(frozen=True, slots=True)
class RedisDiskFull:
    """Redis cannot write its file and refuses to be written to, until there is room again."""

    name: str = "disk full at Redis"

    async def strike(self, scene: Scene) -> None:
        disk, before = scene.servers.disk(), scene.crew.exits.total()
        await scene.moment()
        await asyncio.to_thread(disk.fill)

        async def noticed() -> bool:
            return scene.crew.exits.total() > before

        if not await scene.until(noticed, EFFECT_WITHIN_S):
            raise TimeoutError("no worker noticed that Redis takes no writes")
        await asyncio.sleep(HELD_S)
        await asyncio.to_thread(disk.free)
