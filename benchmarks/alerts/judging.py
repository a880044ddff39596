"""Which alerts tell of a planted shift, how late, and which are false. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.streams import EVENT_S, Kind, Moved
from connectors.alerts.lifecycle import Raised
from connectors.trends.layout import HOUR_S, MINUTE_S

GRACE_S = HOUR_S  # the longest window still holds the shift so long after its end


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one planted shift; `delay_s` is None where no alert told of it."""

    kind: Kind
    delay_s: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule did on some days.

    Attributes:
        days: simulated days.
        found: every planted shift.
        false: kind of the track of each false alarm.
    """

    days: int
    found: tuple[Found, ...]
    false: tuple[Kind, ...]

    def __add__(self, other: "Judged") -> "Judged":
        """Both together."""
        return Judged(self.days + other.days, self.found + other.found, self.false + other.false)

    @property
    def false_a_day(self) -> float:
        """False alarms a day of all tracks together."""
        return len(self.false) / self.days


@dataclass(frozen=True, slots=True)
class Detection:
    """How many of some shifts were told, and how late.

    Attributes:
        planted: how many there were.
        share: of them, told before they ended.
        delay_min: median delay of those that were told, minutes; None where none was.
    """

    planted: int
    share: float
    delay_min: float | None


def judge(
    raised: Iterable[Raised], events: Sequence[NDArray[np.int64]], kinds: Sequence[Kind]
) -> Judged:
    """Set alerts beside what was planted.

    An alert is true where it is of what was moved (sentiment and emotion are both opinion) and was
    raised while it was; after that and for an hour it is late, and counts as nothing. All others
    are false.

    Args:
        raised: alerts; the track's name is its place.
        events: for each day when the shift of each track begins, Unix seconds.
        kinds: of the tracks.
    """
    delays: dict[tuple[int, int], int] = {}
    false = []
    for alert in raised:
        track = int(alert.track)
        moved: Moved = "volume" if alert.shift.kind == "volume" else "opinion"
        begun = [
            day
            for day, starts in enumerate(events)
            if 0 < alert.at - starts[track] <= EVENT_S + GRACE_S
        ]
        if not begun or kinds[track].planted.moved != moved:
            false.append(kinds[track])
        elif alert.at - events[begun[0]][track] <= EVENT_S:
            delays.setdefault((track, begun[0]), int(alert.at - events[begun[0]][track]))
    found = tuple(
        Found(kind, delays.get((track, day)))
        for track, kind in enumerate(kinds)
        if kind.planted.moved != "nothing"
        for day in range(len(events))
    )
    return Judged(len(events), found, tuple(false))


def detection(found: Sequence[Found]) -> Detection:
    """Summary of some shifts, at least one."""
    delays = [each.delay_s for each in found if each.delay_s is not None]
    delay_min = median(delays) / MINUTE_S if delays else None
    return Detection(len(found), len(delays) / len(found), delay_min)
