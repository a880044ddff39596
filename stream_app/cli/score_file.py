"""The work of `voxpop score`: lines of posts to lines of predictions, scored as the worker does.

Not for what a line means: that is `score_lines`.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import orjson

from connectors.schemas.author import AuthorHasher
from connectors.schemas.prediction import Source
from connectors.schemas.rejection import Reason, Rejection
from stream_app.cli.score_lines import LineReader, ReadPost
from stream_app.core.halving import PoisonPost
from stream_app.core.prediction import make_prediction
from stream_app.core.scoring import (
    Engine,
    PostToScore,
    ScoredPost,
    Scorer,
    canary_features,
)
from stream_app.core.windows import Windows

CONVERSATIONS_HELD: Final = 20_000


class NamedEngine(Engine, Protocol):
    """An engine that says which model it is."""

    @property
    def version(self) -> str:
        """The model's version."""

    @property
    def feature_set(self) -> str:
        """`name@version` of the tensors that it takes."""

    @property
    def stamp(self) -> bytes:
        """First bytes of its records."""


class LineScorer:
    """Scores lines of one file in order; windows are kept from call to call.

    The context of a conversation is forgotten once 20,000 others were met since its last post.

    Args:
        engine: the model.
        reader: reads lines as posts.
        source: the file's name, the `topic` of every prediction's source.
        window: most posts of a conversation that the model sees.
        authors: hashes who wrote a post.
        clock: Unix seconds.
    """

    def __init__(
        self,
        engine: NamedEngine,
        reader: LineReader,
        source: str,
        window: int,
        authors: AuthorHasher,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._version = engine.version
        self._reader = reader
        self._source = source
        self._authors = authors
        self._clock = clock
        self._windows = Windows(window, engine.stamp, CONVERSATIONS_HELD)
        self._scorer = Scorer(engine, self._windows, canary_features(engine.feature_set))
        self._lines = 0
        self._failed = 0

    @property
    def failed(self) -> int:
        """Lines that could not be scored so far."""
        return self._failed

    def score(self, lines: Sequence[bytes]) -> list[bytes]:
        """One JSON line for each line, in the same order: a prediction, or an error.

        Args:
            lines: the next lines of the file.

        Raises:
            ModelBroken: the model fails on every post.
        """
        read = self._reader.read(lines, self._lines, self._clock())
        posts = [own for own in read if isinstance(own, ReadPost)]
        for key in self._windows.missing(own.key for own in posts):
            self._windows.load(key, ())
        results = iter(
            self._scorer.score([PostToScore(own.key, own.post.features) for own in posts])
        )
        self._windows.shrink()
        answers = []
        for own in read:
            answers.append(
                self._refused(own) if isinstance(own, Rejection) else self._told(own, next(results))
            )
            self._lines += 1
        return answers

    def _told(self, own: ReadPost, result: ScoredPost | PoisonPost) -> bytes:
        if isinstance(result, PoisonPost):
            return self._refused(Rejection(Reason.POISON, result.detail))
        source = Source(topic=self._source, partition=0, offset=self._lines)
        author = self._authors.hashed(own.post.author_id)
        return make_prediction(
            own.post, result, source, self._version, self._clock(), author
        ).encoded

    def _refused(self, rejection: Rejection) -> bytes:
        self._failed += 1
        return orjson.dumps(
            {
                "error": {
                    "reason": rejection.reason.value,
                    "detail": rejection.detail,
                    "line": self._lines + 1,
                }
            }
        )
