"""What a worker asks of an engine and what it is told: a window of posts, and scores.

Records are opaque bytes here: an engine makes them, and only an engine of the same stamp reads
them.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """A conversation's window and the posts of it to score.

    Attributes:
        records: posts in the order of the conversation, as the engine's `encode` gave them.
        targets: ascending positions in `records`; each is scored from itself and those before.
        conversation: under this name an engine may keep what it knows of these posts, for the next
            request of the same name; None: nothing is kept.
    """

    records: Sequence[bytes]
    targets: tuple[int, ...]
    conversation: Hashable | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What the model says of one post.

    Attributes:
        sentiment: probabilities in the order of `labels.SENTIMENTS`, summing to 1.
        emotion: probabilities in the order of `labels.EMOTIONS`, summing to 1.
        modalities: shares in the order of `labels.MODALITIES`, summing to 1; absent: 0.
    """

    sentiment: tuple[float, ...]
    emotion: tuple[float, ...]
    modalities: tuple[float, ...]


def surplus(posts: int, window: int) -> int:
    """How many of the oldest posts leave a window that they do not fit.

    Three quarters of a full window leave at once. The posts that come next are then scored from the
    same first post on, at the cost of one step each, and not from another first post every time
    (docs/decisions/0016-windows-that-jump.md). Posts that come one by one or together leave the
    same window.

    Args:
        posts: of the conversation that are held, new ones included.
        window: most posts of a window, at least 1.

    Returns:
        0 where they fit; else more than a quarter of a window stays, at most all of it.
    """
    leave = max(1, window - -(-window // 4))
    return max(0, -(-(posts - window) // leave)) * leave
