"""How far a listing is read whose newest things stand first. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

OVERLAP_S: Final = 60.0  # a listing may show a thing late


class Frontier:
    """Tells what is new in a listing by its time, and near the frontier by its id.

    Attributes:
        began: whether anything was met.
    """

    def __init__(self) -> None:
        self.began = False
        self._newest = 0.0
        self._near: dict[str, float] = {}

    def is_new(self, own_id: str, made: float) -> bool:
        """Whether a thing was not met, made at Unix seconds."""
        return not self.is_past(made) and own_id not in self._near

    def is_past(self, made: float) -> bool:
        """Whether all that was made then was met before."""
        return made < self._newest - OVERLAP_S

    def meet(self, things: Iterable[tuple[str, float]]) -> None:
        """All things up to the newest of these, ids with times, are met."""
        self.began = True
        self._near |= dict(things)
        self._newest = max((self._newest, *self._near.values()))
        self._near = {own: made for own, made in self._near.items() if not self.is_past(made)}

    def dump(self) -> list[Any]:
        """For `load`."""
        return [self._newest, self._near]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "Frontier":
        """The frontier that was dumped."""
        frontier = cls()
        frontier.began = True
        frontier._newest, frontier._near = dumped[0], dict(dumped[1])
        return frontier
