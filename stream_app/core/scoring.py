"""Scores a batch of posts in the order they came, each in the window of its conversation.

A batch that fails is halved until the post that breaks the model stands alone. The engine is
whatever has `encode` and `score`; this file knows no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, TypeVar

import numpy as np

from connectors.schemas.feature_sets import FEATURE_SETS
from connectors.schemas.labels import SENTIMENTS, Sentiment
from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.core.halving import PoisonPost, each_or_poison
from stream_app.core.windows import ConversationKey, Windows

Label = TypeVar("Label", bound=str)
SUM_WITHIN = 1e-3  # of 1, which an engine's arithmetic may be off


class Engine(Protocol):
    """A model that scores posts within conversations; one thread may encode while one scores."""

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """One record for each post, which depends on that post alone."""

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """For each request the scores of its targets."""


@dataclass(frozen=True, slots=True)
class PostToScore:
    """A post's features and its conversation.

    Attributes:
        record: what `Scorer.encode` gave for the features; None: it is made when it is scored.
    """

    key: ConversationKey
    features: Features
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class ScoredPost:
    """What becomes of a post.

    Attributes:
        record: joins the window.
        window: records of the window, which may go on behind the post.
        window_posts: how many of them the model saw, itself last.
        previous: sentiment of the post before it in its conversation; None where none is known.
    """

    score: Score
    record: bytes
    window: Sequence[bytes]
    window_posts: int
    previous: Sentiment | None = None

    @property
    def sentiment(self) -> Sentiment:
        """The most probable one."""
        return most_probable(SENTIMENTS, self.score.sentiment)


class Scorer:
    """Scores batches against windows and appends what was scored.

    Args:
        engine: the model.
        windows: windows of the conversations; those of a batch must be held.
        canary: a post that the model can score; tells a poison post from a broken model.
    """

    def __init__(self, engine: Engine, windows: Windows, canary: Features) -> None:
        self._engine = engine
        self._windows = windows
        self._canary = canary

    def encode(self, posts: Sequence[Features]) -> list[bytes] | None:
        """Records of posts, ahead of their scores; by another thread than scores, if you like.

        Returns:
            One for each; None where the model fails: which post it fails on, `score` finds out.
        """
        try:
            return self._engine.encode(posts)
        except Exception:  # noqa: BLE001 - as in `each_or_poison`, which meets it again
            return None

    def score(self, posts: Sequence[PostToScore]) -> list[ScoredPost | PoisonPost]:
        """Score posts in order; the windows then hold those that could be scored.

        Returns:
            One result for each post, in order.

        Raises:
            ModelBroken: not the posts but the model is at fault.
        """
        return each_or_poison(posts, self._score_and_append, self.probe)

    def probe(self) -> None:
        """Score the canary; raises what the engine raises, or ValueError of what are no shares."""
        records = self._engine.encode([self._canary])
        self._ask([WindowRequest(records=records, targets=(0,))])

    def _ask(self, requests: Sequence[WindowRequest]) -> list[list[Score]]:
        answers = self._engine.score(requests)
        for score in chain.from_iterable(answers):
            _require_shares(score)
        return answers

    def _score_and_append(self, posts: Sequence[PostToScore]) -> list[ScoredPost]:
        scored = self._score_together(posts)
        for post, result in zip(posts, scored, strict=True):
            self._windows.append(post.key, (result.record,), result.sentiment)
        return scored

    def _score_together(self, posts: Sequence[PostToScore]) -> list[ScoredPost]:
        records = self._records(posts)
        members: dict[ConversationKey, list[int]] = {}
        for index, post in enumerate(posts):
            members.setdefault(post.key, []).append(index)
        requests: list[WindowRequest] = []
        owners: list[list[int]] = []
        for key, indices in members.items():
            new = [records[index] for index in indices]
            planned = self._windows.window(key).requests(new, self._windows.length, key)
            taken = iter(indices)
            for request in planned:
                requests.append(request)
                owners.append([next(taken) for _ in request.targets])
        results: dict[int, ScoredPost] = {}
        answers = self._ask(requests)
        last = {key: self._windows.window(key).last for key in members}
        for request, owner, scores in zip(requests, owners, answers, strict=True):
            for target, index, score in zip(request.targets, owner, scores, strict=True):
                key = posts[index].key
                results[index] = ScoredPost(
                    score, records[index], request.records, target + 1, last[key]
                )
                last[key] = results[index].sentiment
        return [results[index] for index in range(len(posts))]

    def _records(self, posts: Sequence[PostToScore]) -> list[bytes]:
        missing = [post.features for post in posts if post.record is None]
        made = iter(self._engine.encode(missing) if missing else ())
        return [next(made) if post.record is None else post.record for post in posts]


def _require_shares(score: Score) -> None:
    """Raise ValueError unless each part of a score sums to 1, which NaN does not."""
    for part in (score.sentiment, score.emotion, score.modalities):
        if not abs(sum(part) - 1.0) <= SUM_WITHIN or min(part) < 0.0:
            raise ValueError(f"the model says {part}, which are no shares of 1")


def most_probable(labels: Sequence[Label], probabilities: Sequence[float]) -> Label:
    """The first label of the highest probability."""
    return labels[probabilities.index(max(probabilities))]


def canary_features(feature_set: str) -> Features:
    """Features that every model of a feature set can score: one step of zeros as text."""
    return {"text": np.zeros((1, FEATURE_SETS[feature_set].widths["text"]), np.float32)}
