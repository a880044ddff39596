"""What every fault is."""

from typing import Protocol

from tests.chaos.scene import Scene


class Fault(Protocol):
    """Something that goes wrong while posts flow, and is mended again."""

    @property
    def name(self) -> str:
        """For the table."""

    async def strike(self, scene: Scene) -> None:
        """Do it and mend it; when this returns the fault is over, its effects may not be."""
