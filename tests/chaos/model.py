"""The process of the model in a chaos run: the product's own, with a telltale that can be struck.

Not for the worker that starts it: `rigging`.
"""

import os
import runpy
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.errors import ModelError
from stream_app.settings import Settings
from tests.chaos.points import FOLDER, Action, Points
from tests.chaos.telltale import TelltaleEngine

MODEL_MS: Final = "VOXPOP_CHAOS_MODEL_MS"  # variable: how long the model takes for a post


class StruckEngine:
    """An engine with a point before each of its answers; the canary is scored like any post.

    Args:
        engine: that answers.
        points: of the run.
        post_s: how long it is to take for a post, seconds.
    """

    device = "cpu"

    def __init__(self, engine: TelltaleEngine, points: Points, post_s: float) -> None:
        self._engine = engine
        self._points = points
        self._post_s = post_s
        self.version = engine.version
        self.feature_set = engine.feature_set
        self.stamp = engine.stamp

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        self._points.reach_now("before encode")
        time.sleep(len(posts) * self._post_s)
        return self._engine.encode(posts)

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        met = self._points.reach_now("before score")
        scores = self._engine.score(windows)
        if met is Action.NAN:
            return [[_not_a_number(score) for score in targets] for targets in scores]
        return scores


def _not_a_number(score: Score) -> Score:
    def lost(numbers: Collection[float]) -> tuple[float, ...]:
        return (float("nan"),) * len(numbers)

    return Score(lost(score.sentiment), lost(score.emotion), lost(score.modalities))


def load_struck_engine(settings: Settings) -> StruckEngine:
    """In place of `Settings.load_engine`.

    Raises:
        ModelError: no telltale is named.
    """
    if settings.model is None:
        raise ModelError("a worker under chaos needs VOXPOP_MODEL: the telltale's file")
    post_s = float(os.environ[MODEL_MS]) / 1000
    return StruckEngine(TelltaleEngine(settings.model), Points(Path(os.environ[FOLDER])), post_s)


if __name__ == "__main__":
    Settings.load_engine = load_struck_engine  # type: ignore[assignment, method-assign]
    runpy.run_module("stream_app.inference", run_name="__main__")
