"""`voxpop bench alerts`: the detector beside a plain sigma rule, as a table."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Final

from benchmarks.alerts.judging import Detection, Judged, detection
from benchmarks.alerts.playing import play
from benchmarks.alerts.streams import KINDS, NOISES, PLANTED, POSTS_AN_HOUR, Moved
from connectors.alerts.policy import AlertPolicy
from deploy.local.progress import Progress

TUNING_SEEDS: Final = (100, 101)  # the detector's constants were chosen on these as well
JUDGED_SEEDS: Final = (1, 2, 3)
PLAIN: Final = 3.0
SIGMAS: Final = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0, 100.0)
DETECTOR: Final = "Voxpop"


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """Shifts of one size on tracks of one size, by rule."""

    moved: Moved
    size: float
    posts_an_hour: float
    by_rule: dict[str, Detection]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as a whole.

    Attributes:
        false_a_day: false alarms a day of all tracks together.
        false_by_season, false_by_noise: the same by what the tracks are like.
        told_by_noise: share of the shifts told before they ended, by how restless tracks are.
        detection: of all shifts.
    """

    rule: str
    false_a_day: float
    false_by_season: dict[str, float]
    false_by_noise: dict[str, float]
    told_by_noise: dict[str, float]
    detection: Detection


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found.

    Attributes:
        tracks: simulated side by side.
        days: judged, of all seeds together.
        aimed_false_a_day: what the policy asks for.
        equal_sigmas: where the plain rule has no more false alarms than the detector, on the
            tuning seeds.
    """

    tracks: int
    days: int
    aimed_false_a_day: float
    equal_sigmas: float
    rules: Sequence[RuleRow]
    shifts: Sequence[ShiftRow]


def run(days: int, progress: Progress, policy: AlertPolicy | None = None) -> Figures:
    """Choose how many sigmas have as many false alarms, then judge on other seeds.

    Args:
        days: judged of each seed.
        progress: told of each day.
        policy: the default where None.
    """
    asked = policy or AlertPolicy()
    tuned = [
        play(seed, days, SIGMAS, asked, _teller(progress, f"tuning seed {seed}", days))
        for seed in TUNING_SEEDS
    ]
    sigmas = _equal_sigmas(tuned)
    judged = [
        play(seed, days, (PLAIN, sigmas), asked, _teller(progress, f"seed {seed}", days))
        for seed in JUDGED_SEEDS
    ]
    by_rule = {
        DETECTOR: reduce(add, (ours for ours, _ in judged)),
        f"{PLAIN:g} sigma": reduce(add, (plain[PLAIN] for _, plain in judged)),
        f"{sigmas:g} sigma": reduce(add, (plain[sigmas] for _, plain in judged)),
    }
    return Figures(
        tracks=len(KINDS),
        days=days * len(JUDGED_SEEDS),
        aimed_false_a_day=asked.false_alarms_a_day,
        equal_sigmas=sigmas,
        rules=[_rule_row(rule, own) for rule, own in by_rule.items()],
        shifts=_shift_rows(by_rule),
    )


def _teller(progress: Progress, step: str, days: int) -> Callable[[int], None]:
    return lambda done: progress(step, done, days)


def _equal_sigmas(tuned: Sequence[tuple[Judged, dict[float, Judged]]]) -> float:
    aimed = sum(len(ours.false) for ours, _ in tuned)
    for sigmas in SIGMAS:
        if sum(len(plain[sigmas].false) for _, plain in tuned) <= aimed:
            return sigmas
    return SIGMAS[-1]


def _rule_row(rule: str, judged: Judged) -> RuleRow:
    return RuleRow(
        rule=rule,
        false_a_day=judged.false_a_day,
        false_by_season=_a_day(Counter(kind.season for kind in judged.false), judged.days),
        false_by_noise=_a_day(Counter(kind.noise.name for kind in judged.false), judged.days),
        told_by_noise={
            noise.name: detection(found).share
            for noise in NOISES
            if (found := [own for own in judged.found if own.kind.noise == noise])
        },
        detection=detection(judged.found),
    )


def _a_day(counted: Mapping[str, int], days: int) -> dict[str, float]:
    return {name: count / days for name, count in counted.items()}


def _shift_rows(by_rule: dict[str, Judged]) -> list[ShiftRow]:
    rows = []
    for planted in dict.fromkeys(PLANTED):
        for posts_an_hour in POSTS_AN_HOUR:
            own = {
                rule: [
                    found
                    for found in judged.found
                    if found.kind.planted == planted and found.kind.posts_an_hour == posts_an_hour
                ]
                for rule, judged in by_rule.items()
            }
            if all(own.values()):
                by = {rule: detection(found) for rule, found in own.items()}
                rows.append(ShiftRow(planted.moved, planted.size, posts_an_hour, by))
    return rows
