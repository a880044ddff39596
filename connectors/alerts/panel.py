"""Counts of many tracks side by side, on a fine grid of steps and a coarse one of blocks. Pure.

Not for fetching them, nor for judging: `baseline` says what is usual, `detector` what is not.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from connectors.alerts.policy import AlertPolicy
from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.layout import EMOTION, SENTIMENT

Counts: TypeAlias = NDArray[np.int64]
POSTS: Final = 0
SQUARES: Final = 1  # with the posts, the sum of squares of what each stands for; 0: nothing is shed
SCORED: Final = 2  # posts that the track's present model scored: opinions are compared among those
LABELS: Final = tuple(SENTIMENT + name for name in SENTIMENTS) + tuple(
    EMOTION + name for name in EMOTIONS
)
FIRST_LABEL: Final = 3
MEASURES: Final = FIRST_LABEL + len(LABELS)
EVERY: Final = slice(None)


def mean_weight(counts: Counts) -> NDArray[np.float64]:
    """How many posts one stands for, so many times the variance of a sum is its mean.

    Args:
        counts: [..., n, measures], summed over n.

    Returns:
        [...], 1 where nothing is shed.
    """
    sums = counts.sum(axis=-2)
    weights: NDArray[np.float64] = 1.0 + sums[..., SQUARES] / np.maximum(sums[..., POSTS], 1)
    return weights


class Panel:
    """The last steps and blocks of T tracks, oldest first; the next step begins at `end`.

    Blocks are those that ended at `end` or before; a step belongs to the block it lies in.

    Args:
        policy: says how many are kept.
        tracks: T.
        end: where the first step that will be put in begins, Unix seconds, the start of a block.
    """

    def __init__(self, policy: AlertPolicy, tracks: int, end: int) -> None:
        if end % policy.block_s:
            raise ValueError(f"a panel begins where a block does, and {end} is inside of one")
        self._policy = policy
        self._steps = np.zeros((tracks, policy.recent_steps, MEASURES), np.int64)
        self._blocks = np.zeros((tracks, policy.season_blocks, MEASURES), np.int64)
        self.end = end

    @property
    def tracks(self) -> int:
        """How many there are."""
        return len(self._steps)

    @property
    def blocks_end(self) -> int:
        """End of the last whole block, Unix seconds."""
        return self.end // self._policy.block_s * self._policy.block_s

    def push(self, counts: Counts) -> None:
        """Put the next step in; the oldest one leaves.

        Args:
            counts: [T, measures].
        """
        self._steps[:, self._place(self.end)] = counts
        self.end += self._policy.step_s
        if self.end % self._policy.block_s == 0:
            whole = self.last_steps(self._policy.steps_a_block).sum(axis=1)
            self._blocks[:, self._block_place(self.end - self._policy.block_s)] = whole

    def put_step(self, track: int, start: int, counts: Sequence[int]) -> None:
        """Set a step again, as posts come late; one that is no longer kept is left out."""
        if self.end - self._policy.recent_steps * self._policy.step_s <= start < self.end:
            self._steps[track, self._place(start)] = counts

    def put_block(self, track: int, start: int, counts: Sequence[int]) -> None:
        """Set a block; one that is not whole or no longer kept is left out."""
        kept_from = self.blocks_end - self._policy.season_blocks * self._policy.block_s
        if kept_from <= start < self.blocks_end:
            self._blocks[track, self._block_place(start)] = counts

    def forget_opinion(self, track: int) -> None:
        """Take a track's labels out, since another model scores it from now on."""
        self._steps[track, :, SCORED:] = 0
        self._blocks[track, :, SCORED:] = 0

    def add(self, tracks: int) -> None:
        """Make place for further tracks, after the others and without a post."""
        self._steps, self._blocks = (
            np.concatenate([kept, np.zeros((tracks, *kept.shape[1:]), np.int64)])
            for kept in (self._steps, self._blocks)
        )

    def last_steps(self, count: int, tracks: slice = EVERY) -> Counts:
        """The last steps of some tracks, [T, count, measures]."""
        places = self._place(self.end) + np.arange(-count, 0)
        return self._steps[tracks, places % self._policy.recent_steps]

    def last_blocks(self, count: int, tracks: slice = EVERY) -> Counts:
        """The last whole blocks of some tracks, [T, count, measures]."""
        places = self._block_place(self.blocks_end) + np.arange(-count, 0)
        return self._blocks[tracks, places % self._policy.season_blocks]

    def first_post(self, track: int) -> int | None:
        """Start of the oldest step that has a post of a track, or block where steps have left.

        Unix seconds; None without any.
        """
        step_s, block_s = self._policy.step_s, self._policy.block_s
        own = slice(track, track + 1)
        kept_from = self.end - self._policy.recent_steps * step_s
        starts = self.blocks_end - block_s * np.arange(self._policy.season_blocks, 0, -1)
        posts = self.last_blocks(self._policy.season_blocks, own)[0, :, POSTS]
        blocks = starts[(posts > 0) & (starts < kept_from)]
        if len(blocks):
            return int(blocks[0])
        steps = np.flatnonzero(self.last_steps(self._policy.recent_steps, own)[0, :, POSTS])
        return kept_from + int(steps[0]) * step_s if len(steps) else None

    def _place(self, start: int) -> int:
        return start // self._policy.step_s % self._policy.recent_steps

    def _block_place(self, start: int) -> int:
        return start // self._policy.block_s % self._policy.season_blocks
