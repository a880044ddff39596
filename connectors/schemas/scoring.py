"""What a worker asks of an engine and what it is told: a window of posts, and scores.

Records are opaque bytes here: an engine makes them, and only an engine of the same stamp reads
them.
"""

from collections.abc import Mapping, Sequence
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
    """

    records: Sequence[bytes]
    targets: tuple[int, ...]


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
