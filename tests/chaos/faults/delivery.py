"""Records that Faust's consumer skips, and records that it brings twice."""

from dataclasses import dataclass
from typing import Final

from tests.chaos.points import Action
from tests.chaos.scene import Scene

POINT: Final = "before offer"
TIMES: Final = 3


@dataclass(frozen=True, slots=True)
class RecordsSkipped:
    """Fetched records do not arrive, as after some rebalances; once also the last ones of all."""

    name: str = "records skipped"

    async def strike(self, scene: Scene) -> None:
        for _ in range(TIMES):
            await scene.moment()
            await _meet(scene, Action.DROP)
        async with scene.feed.paused():
            await scene.taken_over()
            scene.points.arm(POINT, Action.DROP)
            await scene.feed.send(5)
            await scene.points.taken(POINT)
            await scene.taken_over()


@dataclass(frozen=True, slots=True)
class RecordsTwice:
    """Fetched records arrive twice."""

    name: str = "records twice"

    async def strike(self, scene: Scene) -> None:
        for _ in range(TIMES):
            await scene.moment()
            await _meet(scene, Action.AGAIN)


async def _meet(scene: Scene, action: Action) -> None:
    scene.points.arm(POINT, action)
    await scene.points.taken(POINT)
