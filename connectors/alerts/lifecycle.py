"""When an alert begins and when it ends: hysteresis and cool-down, for each track and kind. Pure.

Not for what is unusual (`detector`), nor for what an alert says (`connectors.schemas.alert`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.alerts.detector import KINDS, Kind, Look, Shift
from connectors.alerts.policy import AlertPolicy

CALM: Final = 0.05  # a p-value above says nothing against the usual


@dataclass(slots=True)
class Course:
    """Where a track stands with one kind of alert.

    Attributes:
        raised_at: when the last alert was raised, Unix seconds.
        under_way: whether that alert has not ended.
        calm_steps: for how long it has been usual since, in steps.
    """

    raised_at: int
    under_way: bool
    calm_steps: int = 0


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert begins."""

    track: str
    at: int
    shift: Shift


@dataclass(frozen=True, slots=True)
class Ended:
    """The alert that was raised at `raised_at` is over."""

    track: str
    kind: Kind
    raised_at: int
    at: int


@dataclass(slots=True)
class Lifecycle:
    """The alerts under way.

    Attributes:
        courses: (track, kind) -> where it stands; those long over are dropped.
    """

    policy: AlertPolicy
    courses: dict[tuple[str, Kind], Course] = field(default_factory=dict)

    def under_way(self, tracks: Sequence[str]) -> NDArray[np.bool_]:
        """Where an alert is under way, [T, K]."""
        marks = np.zeros((len(tracks), len(KINDS)), bool)
        places = {track: at for at, track in enumerate(tracks)}
        for (track, kind), course in self.courses.items():
            if course.under_way and track in places:
                marks[places[track], KINDS.index(kind)] = True
        return marks

    def follow(self, tracks: Sequence[str], found: Look) -> list[Raised | Ended]:
        """Take one look in; the same looks give the same alerts.

        Args:
            tracks: names, in the order of the look.
            found: the look.

        Returns:
            What began and ended with it. A shift that goes on or grows raises nothing more, nor
            does another of its kind within the cool-down.
        """
        changes: list[Raised | Ended] = []
        places = {track: at for at, track in enumerate(tracks)}
        for (track, kind), course in list(self.courses.items()):
            at = places.get(track)
            p_value = 1.0 if at is None else float(found.p_values[at, KINDS.index(kind)])
            changes += self._calmed(track, kind, course, p_value, found.end)
        for (at, kind_at), shift in found.shifts.items():
            changes += self._moved(tracks[at], KINDS[kind_at], shift, found.end)
        return changes

    def _calmed(
        self, track: str, kind: Kind, course: Course, p_value: float, now: int
    ) -> list[Raised | Ended]:
        if not course.under_way:
            if now - course.raised_at >= self.policy.cool_down_s:
                del self.courses[track, kind]
            return []
        course.calm_steps = course.calm_steps + 1 if p_value > CALM else 0
        if course.calm_steps < self.policy.calm_steps:
            return []
        course.under_way = False
        return [Ended(track, kind, course.raised_at, now)]

    def _moved(self, track: str, kind: Kind, shift: Shift, now: int) -> list[Raised | Ended]:
        if (track, kind) in self.courses:
            return []
        self.courses[track, kind] = Course(now, under_way=True)
        return [Raised(track, now, shift)]
