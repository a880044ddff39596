"""The model raises, says what is no number, does not answer or dies; or another takes its place."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

import psutil

from stream_app.exits import ExitCode
from tests.chaos.points import Action
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

TIMES: Final = 5
LOADED_AFTER_S: Final = 3.0  # a worker whose model dies before ends as one that is not ready


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
        model = await scene.points.taken("before score")
        worker = psutil.Process(model).ppid()

        async def ended() -> bool:
            return worker not in scene.crew.pids()

        if not await scene.until(ended, EFFECT_WITHIN_S):
            raise TimeoutError(f"worker {worker} waits for its model for ever")


@dataclass(frozen=True, slots=True)
class ModelKilled:
    """Its process dies, as where the system has no memory left: its worker must end and say so.

    Args:
        point: "before encode" or "before score"; None: at any moment.
    """

    point: str | None = None

    @property
    def name(self) -> str:
        return f"model SIGKILL {self.point or 'at any moment'}"

    async def strike(self, scene: Scene) -> None:
        before = scene.crew.exits[ExitCode.MODEL_BROKEN]
        await scene.moment()
        if self.point is None:
            if not await scene.until(partial(_kill_one, scene), EFFECT_WITHIN_S):
                raise TimeoutError("no worker has a model")
        else:
            scene.points.arm(self.point, Action.KILL)
            await scene.points.taken(self.point)

        async def told() -> bool:
            return scene.crew.exits[ExitCode.MODEL_BROKEN] > before

        if not await scene.until(told, EFFECT_WITHIN_S):
            raise TimeoutError("no worker ended when its model was gone")


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


async def _kill_one(scene: Scene) -> bool:
    """Kill the model of any worker, if one has loaded its model."""
    models: list[int] = []
    for worker in scene.crew.pids():
        with contextlib.suppress(psutil.Error):  # it has just ended
            models += [
                model.pid
                for model in psutil.Process(worker).children()
                if time.time() - model.create_time() > LOADED_AFTER_S
            ]
    if models:
        os.kill(scene.random.choice(models), signal.SIGKILL)
    return bool(models)
