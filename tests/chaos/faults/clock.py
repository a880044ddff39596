"""The workers' clocks jump forth and back."""

import asyncio
from dataclasses import dataclass
from typing import Final

from tests.chaos.rigging import CLOCK
from tests.chaos.scene import Scene

JUMPS_S: Final = (7200, -7200, 0)
HELD_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class ClockJumps:
    """Two hours ahead, two hours behind, right again."""

    name: str = "clock jumps"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        for off_s in JUMPS_S:
            draft = scene.points.folder / f"{CLOCK}.draft"
            draft.write_text(str(off_s))
            draft.replace(scene.points.folder / CLOCK)
            await asyncio.sleep(HELD_S)
