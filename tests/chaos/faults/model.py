"""The model raises, says what is no number, or does not answer; or another takes its place."""

from dataclasses import dataclass
from typing import Final

from tests.chaos.points import Action
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

TIMES: Final = 5


@dataclass(frozen=True, slots=True)
class ModelFails:
    """It raises now and then, for no reason that lies in a post."""

    name: str = "model raises"

    async def strike(self, scene: Scene) -> None:
        for point in ("before encode", "before score") * TIMES:
            await scene.moment(0.5)
            scene.points.arm(point, Action.FAIL)
            await scene.points.taken(point)


@dataclass(frozen=True, slots=True)
class ModelNan:
    """Its scores are no numbers, once."""

    name: str = "model says NaN"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.points.arm("before score", Action.NAN)
        await scene.points.taken("before score")


@dataclass(frozen=True, slots=True)
class ModelHangs:
    """It does not come back: the worker must end itself."""

    name: str = "model hangs"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        scene.points.arm("before score", Action.HANG)
        pid = await scene.points.taken("before score")

        async def ended() -> bool:
            return pid not in scene.crew.pids()

        if not await scene.until(ended, EFFECT_WITHIN_S):
            raise TimeoutError(f"worker {pid} waits for its model for ever")


@dataclass(frozen=True, slots=True)
class ModelSwapped:
    """Another checkpoint takes the place of the one that runs; one worker after another has it."""

    name: str = "checkpoint swapped"

    async def strike(self, scene: Scene) -> None:
        scene.terms.several_models = True
        await scene.moment()
        scene.write_model("telltale-2")
        for member in list(scene.crew.running()):
            await scene.moment()
            await scene.crew.stop(member)
            scene.crew.come_back(member)
            await scene.ready(len(scene.crew.running()))
