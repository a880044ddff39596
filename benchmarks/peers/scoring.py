"""The model in both forms: whole windows in eager torch, and Voxpop's engine with kept states.

Both keep windows in memory only. Not for reading or writing anything.
"""

from collections.abc import Sequence
from typing import Protocol

from benchmarks.peers.catalogue import Form
from connectors.schemas.post import DecodedPost
from connectors.schemas.scoring import WindowRequest
from models.engine import load_engine
from stream_app.core.halving import PoisonPost
from stream_app.core.scoring import PostToScore, ScoredPost, Scorer, canary_features
from stream_app.core.windows import WINDOWS_HELD, ConversationKey, Windows
from stream_app.settings import Settings


class Model(Protocol):
    """Scores posts, each in the window of its conversation.

    Attributes:
        version: of the model.
    """

    version: str

    def score(self, posts: Sequence[DecodedPost]) -> list[ScoredPost]:
        """One result a post; posts of a conversation come in its order."""


class Eager:
    """Scores the whole window of each post again, as who writes it in an afternoon does."""

    def __init__(self, settings: Settings) -> None:
        self._engine = load_engine(
            settings.model, settings.device, settings.threads, name="window", window=settings.window
        )
        self._length = settings.window
        self._held: dict[str, list[bytes]] = {}
        self.version = self._engine.version

    def score(self, posts: Sequence[DecodedPost]) -> list[ScoredPost]:
        """One padded batch of windows, one target each."""
        records = self._engine.encode([post.features for post in posts])
        requests = []
        for post, record in zip(posts, records, strict=True):
            window = self._held.setdefault(post.conversation_id, [])
            window.append(record)
            del window[: -self._length]
            requests.append(WindowRequest(tuple(window), (len(window) - 1,)))
        answers = self._engine.score(requests)
        return [
            ScoredPost(scores[0], record, request.records, len(request.records))
            for scores, record, request in zip(answers, records, requests, strict=True)
        ]


class WithEngine:
    """Scores by one step a post, as a worker of Voxpop does."""

    def __init__(self, settings: Settings) -> None:
        engine = load_engine(
            settings.model,
            settings.device,
            settings.threads,
            name="stream",
            window=settings.window,
            states_mib=settings.states_mib,
        )
        self._windows = Windows(settings.window, engine.stamp, WINDOWS_HELD)
        self._scorer = Scorer(engine, self._windows, canary_features(engine.feature_set))
        self.version = engine.version

    def score(self, posts: Sequence[DecodedPost]) -> list[ScoredPost]:
        """One batched step.

        Raises:
            RuntimeError: the model fails on a post, which no post of a benchmark makes it do.
        """
        batch = [
            PostToScore(ConversationKey(0, post.conversation_id), post.features) for post in posts
        ]
        for key in self._windows.missing(each.key for each in batch):
            self._windows.load(key, [])
        results = self._scorer.score(batch)
        self._windows.shrink()
        scored = [result for result in results if not isinstance(result, PoisonPost)]
        if len(scored) < len(results):
            raise RuntimeError("the model fails on a post of the benchmark, which all are valid")
        return scored


def load_model(form: Form, settings: Settings) -> Model:
    """The model of a form, ready to score."""
    return Eager(settings) if form == "eager" else WithEngine(settings)
