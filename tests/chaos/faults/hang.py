"""A batch hangs while its worker goes on: partitions are given out anew meanwhile."""

from dataclasses import dataclass

from aiokafka.admin import NewPartitions

from tests.chaos.points import Action
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

STARTED = "partition 0 starts at"


@dataclass(frozen=True, slots=True)
class HangInRebalance:
    """The only worker keeps its partition in a rebalance, in which an old batch waits.

    Args:
        point: where the batch waits, "after assemble".
    """

    point: str

    @property
    def name(self) -> str:
        return f"rebalance while a batch hangs {self.point}"

    async def strike(self, scene: Scene) -> None:
        await scene.taken_over()  # it has started its partition
        log = scene.someone().process.log
        before = log.read_text().count(STARTED)
        scene.points.arm(self.point, Action.HANG)
        await scene.points.taken(self.point)
        async with scene.admin() as admin:
            more = len(await scene.ends()) + 1
            await admin.create_partitions({scene.topic: NewPartitions(more)})

        async def started_again() -> bool:
            return log.read_text().count(STARTED) > before

        if not await scene.until(started_again, EFFECT_WITHIN_S):
            raise TimeoutError("no rebalance came")
        scene.points.release(self.point)
