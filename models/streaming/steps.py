"""What the engine asks of a network that keeps states.

Not for which conversation a state is of: `models.streaming.states`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.scoring import Features


@dataclass(frozen=True, slots=True)
class Turn:
    """New posts of one conversation, and what its state holds already.

    Attributes:
        records: of its window up to the last target.
        slot: where its state is.
        known: posts that the state holds, fewer than `records`.
        targets: ascending positions in `records` to score, each once, none of them known.
    """

    records: Sequence[bytes]
    slot: int
    known: int
    targets: Sequence[int]

    @property
    def new(self) -> int:
        """Posts that the state does not hold."""
        return len(self.records) - self.known


class Steps(Protocol):
    """A network that moves states on; the states are its own, by slot.

    Attributes:
        device: where it runs, `cpu` or `cuda`.
        window: most posts in a state.
        slots: states that there is room for.
        state_bytes: memory of one.
        posts_at_once: new posts that turns may have together; a turn may have more alone.
        warm_ups: windows side by side, and posts of each, by which everything that it will run has
            run once.
    """

    device: str
    window: int
    slots: int
    state_bytes: int
    posts_at_once: int
    warm_ups: Sequence[tuple[int, int]]

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """Records of posts that were checked."""

    def advance(self, turns: Sequence[Turn]) -> NDArray[np.float64]:
        """Score new posts, and move the states on.

        Args:
            turns: at least one, each of another slot, those with most new posts first.

        Returns:
            Scores of their targets one after the other, [T, 13], see `scores.checked_scores`.

        Raises:
            ModelError: a record of another model, or a result that is not finite. The states
                of the slots then hold nothing of use, and nothing that hurts who gets them.
        """
