"""What an alert needs to be raised: how wide, how large, how sure, how often. Pure."""

from dataclasses import dataclass
from typing import Any

from connectors.trends.layout import DAY_S, HOUR_S, MINUTE_S, resolution


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Parameters of the detection; the defaults are those that `voxpop bench alerts` judges.

    Attributes:
        step: resolution at which tracks are looked at, as in `1m`.
        block: coarser resolution that the baseline is learned on, as in `1h`.
        windows: spans that are compared with the baseline, in steps, ascending.
        false_alarms_a_day: how many alerts a day may come by chance, of all tracks together, while
            nothing moves; the sensitivity.
        min_posts: fewest posts of a window that an opinion is read from, and fewest posts that a
            volume must be above or below what was expected.
        min_ratio: smallest change of volume, as a factor above 1; its inverse for a fall.
        min_change: smallest change of a share, in parts of 1.
        cool_down_s: shortest time between two alerts of one kind on one track, seconds.
        calm_steps: how long a shift must be gone before its alert ends, in steps.
        recent_blocks: blocks that the present level and the noise of windows are taken from.
        season_blocks: blocks that the season is learned from.
        opinion_blocks: blocks that usual shares are learned from.
        least_blocks: a younger track raises no alert.

    Raises:
        ValueError: a parameter makes no sense; says which.
    """

    step: str = "1m"
    block: str = "1h"
    windows: tuple[int, ...] = (5, 15, 60)
    false_alarms_a_day: float = 1.0
    min_posts: int = 30
    min_ratio: float = 1.5
    min_change: float = 0.08
    cool_down_s: int = HOUR_S
    calm_steps: int = 15
    recent_blocks: int = 24
    season_blocks: int = 28 * 24
    opinion_blocks: int = 7 * 24
    least_blocks: int = 12

    def __post_init__(self) -> None:
        if self.block_s % self.step_s or self.block_s == self.step_s:
            raise ValueError(f"a block of {self.block} is not made of steps of {self.step}")
        if not self.windows or self.windows != tuple(sorted(set(self.windows))):
            raise ValueError(f"windows {self.windows} must ascend, in steps")
        if self.windows[0] < 1 or self.windows[-1] > self.recent_steps:
            raise ValueError(f"windows {self.windows} must have 1 to {self.recent_steps} steps")
        for name in ("false_alarms_a_day", "min_posts", "calm_steps", "least_blocks"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be over 0")
        if self.min_ratio <= 1 or not 0 < self.min_change < 1:
            raise ValueError("min_ratio must be over 1, and min_change between 0 and 1")

    @property
    def step_s(self) -> int:
        """Seconds of a step."""
        return resolution(self.step).seconds

    @property
    def block_s(self) -> int:
        """Seconds of a block."""
        return resolution(self.block).seconds

    @property
    def steps_a_block(self) -> int:
        """Steps that make a block."""
        return self.block_s // self.step_s

    @property
    def recent_steps(self) -> int:
        """Steps that are kept."""
        return self.recent_blocks * self.steps_a_block

    @property
    def level(self) -> float:
        """Level of false discoveries at one look; there is one a step.

        By the union bound over the looks of a day it gives `false_alarms_a_day`.
        """
        return min(0.5, self.false_alarms_a_day * self.step_s / DAY_S)


def quick_policy(**changes: Any) -> AlertPolicy:
    """For what happens within minutes: steps of 10 s, a baseline of minutes and without a season.

    Args:
        changes: parameters that differ from it.
    """
    quick: dict[str, Any] = {
        "step": "10s",
        "block": "1m",
        "windows": (3, 6, 30),
        "cool_down_s": 5 * MINUTE_S,
        "calm_steps": 6,
        "least_blocks": 5,
    }
    return AlertPolicy(**quick | changes)
