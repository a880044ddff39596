"""Which posts are worth keeping as examples: new ones that the model was sure of. Pure."""

from collections.abc import Iterator
from math import inf, log
from typing import Final
from zlib import crc32

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import EMOTION, SENTIMENT

MOST: Final = 10  # of a track and label
LABELS: Final = (*(SENTIMENT + name for name in SENTIMENTS), *(EMOTION + name for name in EMOTIONS))
DECAY_S: Final = 3600.0
STEP_S: Final = 300.0
_CHANCE: Final = 1e-3  # below what anybody can tell of two posts
_LEAST: Final = 1e-6  # predictions have six places
_MOST_RANKINGS: Final = 50_000  # a few MB


def rank(probability: float, created_at: float, post_id: str) -> float:
    """How a post stands among those of its label: odds that fade by e an hour.

    The rank of a post never changes, since what fades with age is written as growing with event
    time: so the best of all posts are the best of each part's best, in any order. Time goes in
    steps, and equals are told apart by chance: else, where the model is as sure of every post, each
    would drive out one before it.

    Args:
        probability: of the label, in [0, 1].
        created_at: Unix seconds.
        post_id: decides between equals.

    Source: forward decay, Cormode, Shkapenyuk, Srivastava & Xu 2009, ICDE, with exponential decay.
    """
    sure = min(max(probability, _LEAST), 1.0 - _LEAST)
    chance = crc32(post_id.encode()) / 2**32 * _CHANCE
    return log(sure / (1.0 - sure)) + created_at // STEP_S * STEP_S / DECAY_S + chance


def ranks(post: Prediction) -> tuple[tuple[str, float], tuple[str, float]]:
    """The labels of a post and its rank by each."""
    sentiment, emotion = post.sentiment, post.emotion
    return (
        (
            SENTIMENT + sentiment.label,
            rank(sentiment.probs[SENTIMENTS.index(sentiment.label)], post.created_at, post.post_id),
        ),
        (
            EMOTION + emotion.label,
            rank(emotion.probs[EMOTIONS.index(emotion.label)], post.created_at, post.post_id),
        ),
    )


class Candidates:
    """Tells posts that may be among the best from those that cannot.

    It knows only the posts that it was offered: whoever else keeps exemplars may know better ones,
    but a post that is not among the best here is not among the best of all.

    Args:
        most: exemplars of a track and label.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._best: dict[tuple[str, str], dict[str, float]] = {}
        self._floors: dict[tuple[str, str], float] = {}

    def offer(self, post: Prediction) -> Iterator[tuple[str, dict[str, float]]]:
        """The tracks of a post in which it may be among the best, with its ranks by label."""
        ranked = ranks(post)
        for track in dict.fromkeys(post.tracks):
            places = {
                label: own for label, own in ranked if self._enters(track, label, post.post_id, own)
            }
            if places:
                yield track, places

    def _enters(self, track: str, label: str, post_id: str, own: float) -> bool:
        key = (track, label)
        if own < self._floors.get(key, -inf):
            return False
        if len(self._best) > _MOST_RANKINGS:
            self._best.clear()
            self._floors.clear()
        best = self._best.setdefault(key, {})
        best[post_id] = own
        if len(best) > self._most:
            del best[min(best, key=best.__getitem__)]
            self._floors[key] = min(best.values())
        return post_id in best
