"""A worker is killed: at any moment, or at a point of a batch."""

import signal
from dataclasses import dataclass

from tests.chaos.points import Action
from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL at any moment."""

    name: str = "SIGKILL"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.signal(signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class KillAt:
    """SIGKILL at a point of a batch, by whichever worker reaches it first.

    Args:
        point: as in `rigging`, "after fix".
    """

    point: str

    @property
    def name(self) -> str:
        return f"SIGKILL {self.point}"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.points.arm(self.point, Action.KILL)
        await scene.points.taken(self.point)


@dataclass(frozen=True, slots=True)
class KillInRecovery:
    """One worker dies, and so does the one that is taking its partitions over.

    Args:
        point: before or after it reads what was fixed last.
    """

    point: str

    @property
    def name(self) -> str:
        return f"SIGKILL, and again {self.point} in the recovery"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.points.arm(self.point, Action.KILL)
        scene.signal(signal.SIGKILL)
        await scene.points.taken(self.point)
