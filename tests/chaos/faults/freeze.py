"""A worker stands still past its session and goes on afterwards: a zombie that must not write."""

import os
import signal
from dataclasses import dataclass

from tests.chaos.points import Action
from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Freeze:
    """SIGSTOP at any moment, SIGCONT once the others have its partitions."""

    name: str = "SIGSTOP past the session"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        pid = scene.signal(signal.SIGSTOP)
        try:
            await scene.taken_over()
        finally:
            os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class FreezeAt:
    """SIGSTOP at a point of a batch: between a guard and its effect, or after the effect.

    Args:
        point: as in `rigging`, "before fix".
    """

    point: str

    @property
    def name(self) -> str:
        return f"SIGSTOP {self.point}"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.points.arm(self.point, Action.FREEZE)
        pid = await scene.points.taken(self.point)
        try:
            await scene.taken_over()
        finally:
            os.kill(pid, signal.SIGCONT)
