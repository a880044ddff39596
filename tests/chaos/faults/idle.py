"""A worker has no partition for a long time, and then must take over."""

import asyncio
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import Scene

LONGER_THAN_S: Final = 70.0  # Faust's broker_max_poll_interval is a minute


@dataclass(frozen=True, slots=True)
class Idle:
    """More workers than partitions; then the one that has them is killed and stays away."""

    name: str = "a worker without a partition"

    async def strike(self, scene: Scene) -> None:
        first = scene.someone()
        scene.crew.join()
        await scene.ready(len(scene.crew.running()))
        await asyncio.sleep(LONGER_THAN_S)
        await scene.ready(len(scene.crew.running()))
        scene.crew.dismiss(first)
