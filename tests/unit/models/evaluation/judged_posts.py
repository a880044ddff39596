"""Judged posts made by hand or by chance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.evaluation.judged import Judged
from models.training.corpus import NO_LABEL


def drawn(logits: NDArray[np.float64], seed: int = 0) -> NDArray[np.int64]:
    """Labels drawn with the probabilities that the logits say, [M, C] -> [M]."""
    noise = np.random.default_rng(seed).gumbel(size=logits.shape)
    labels: NDArray[np.int64] = (logits + noise).argmax(axis=1)
    return labels


def judged(
    lengths: Sequence[int],
    sentiment_logits: NDArray[np.float64],
    sentiment: NDArray[np.int64],
    presence: NDArray[np.bool_] | None = None,
    group: Sequence[str] = (),
) -> Judged:
    """Posts of conversations of the given lengths, with sentiment and no emotion."""
    posts = sum(lengths)
    return Judged(
        sentiment=sentiment,
        emotion=np.full(posts, NO_LABEL),
        sentiment_logits=sentiment_logits.astype(np.float32),
        emotion_logits=np.zeros((posts, 7), np.float32),
        position=np.concatenate([np.arange(length) for length in lengths]),
        presence=np.ones((posts, 3), np.bool_) if presence is None else presence,
        group=tuple(group) or ("",) * posts,
        author=("",) * posts,
    )
