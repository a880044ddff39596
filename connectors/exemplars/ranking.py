"""Which posts are worth keeping as examples: new ones that the model was sure of. Pure."""

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
    return _odds(probability) + _since(created_at, post_id)


def ranks(post: Prediction) -> tuple[tuple[str, float], tuple[str, float]]:
    """The labels of a post and its rank by each."""
    sentiment, emotion = post.sentiment, post.emotion
    since = _since(post.created_at, post.post_id)
    return (
        (
            SENTIMENT + sentiment.label,
            _odds(sentiment.probs[SENTIMENTS.index(sentiment.label)]) + since,
        ),
        (EMOTION + emotion.label, _odds(emotion.probs[EMOTIONS.index(emotion.label)]) + since),
    )


def _odds(probability: float) -> float:
    """Log odds of a probability, finite for 0 and 1 too."""
    sure = min(max(probability, _LEAST), 1.0 - _LEAST)
    return log(sure / (1.0 - sure))


def _since(created_at: float, post_id: str) -> float:
    """What event time adds to a rank, and chance."""
    return created_at // STEP_S * STEP_S / DECAY_S + crc32(post_id.encode()) / 2**32 * _CHANCE


class Candidates:
    """Tells posts that may be among the best from those that cannot.

    It knows only the posts that it was offered: whoever else keeps exemplars may know better ones,
    but a post that is not among the best here is not among the best of all.

    Args:
        most: exemplars of a track and label.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._best: dict[str, dict[str, dict[str, float]]] = {label: {} for label in LABELS}
        self._floors: dict[str, dict[str, float]] = {label: {} for label in LABELS}
        self._rankings = 0

    def offer(self, post: Prediction) -> dict[str, dict[str, float]]:
        """The tracks of a post in which it may be among the best, with its ranks by label."""
        places: dict[str, dict[str, float]] = {}
        for label, own in ranks(post):
            floors = self._floors[label]  # this runs for every post: most end at the next lines
            for track in post.tracks:
                if own >= floors.get(track, -inf) and self._enters(label, track, post.post_id, own):
                    places.setdefault(track, {})[label] = own
        return places

    def _enters(self, label: str, track: str, post_id: str, own: float) -> bool:
        best = self._best[label].get(track)
        if best is None:
            best = self._begin(label, track)
        best[post_id] = own
        if len(best) > self._most:
            del best[min(best, key=best.__getitem__)]
            self._floors[label][track] = min(best.values())
        return post_id in best

    def _begin(self, label: str, track: str) -> dict[str, float]:
        """A new ranking; past a bound all are forgotten, which offers a few posts once more."""
        self._rankings += 1
        if self._rankings > _MOST_RANKINGS:
            for every in LABELS:
                self._best[every].clear()
                self._floors[every].clear()
            self._rankings = 1
        return self._best[label].setdefault(track, {})
