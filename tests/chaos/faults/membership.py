"""Workers join, leave by SIGTERM, and come back."""

from dataclasses import dataclass

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
