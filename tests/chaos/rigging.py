"""Makes the worker of this process one that can be struck: fault points, the telltale and a clock.

Called before `stream_app.app` is imported, since that builds its parts at once. The product knows
nothing of it; each rig replaces a part in the room where it is wired.
"""

import functools
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import stream_app.runtime
import stream_app.scoring_role
from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.core.record import Record
from stream_app.inference.wire import Kept
from stream_app.scoring_role import WorkingEngine
from stream_app.settings import Settings
from tests.chaos.guards import GUARDS
from tests.chaos.points import Action, Points
from tests.chaos.telltale import TelltaleEngine

FOLDER: Final = "VOXPOP_CHAOS_FOLDER"
WITHOUT: Final = "VOXPOP_CHAOS_WITHOUT"
MODEL_MS: Final = "VOXPOP_CHAOS_MODEL_MS"
CLOCK: Final = "clock"  # file: seconds by which the workers' clocks are wrong
CLOCK_READ_S: Final = 0.2

# part, its method, and the name of the points before and after it
AROUND: Final = (
    ("Decider", "assemble", "assemble"),
    ("Decider", "decide", "decide"),
    ("PartitionStore", "load_intent", "load"),
    ("PartitionStore", "fix", "fix"),
    ("Outputs", "deliver", "deliver"),
    ("TrendSink", "apply", "count"),
    ("FaustBroker", "commit", "commit"),
)


def rig() -> None:
    """Rig this process as its environment says."""
    points = Points(Path(os.environ[FOLDER]))
    for name in filter(None, os.environ.get(WITHOUT, "").split(",")):
        GUARDS[name]()
    for part, method, point in AROUND:
        _put_points_around(points, part, method, point)
    _put_points_into_engine(points)
    _put_a_point_before_admission(points)
    time.time = _FalseClock(points.folder / CLOCK)


def _put_points_around(points: Points, part: str, method: str, point: str) -> None:
    room = stream_app.runtime if part == "FaustBroker" else stream_app.scoring_role
    kind = getattr(room, part)
    original = getattr(kind, method)

    @functools.wraps(original)
    async def struck(self: object, *args: Any, **kwargs: Any) -> Any:
        await points.reach(f"before {point}")
        result = await original(self, *args, **kwargs)
        await points.reach(f"after {point}")
        return result

    setattr(room, part, type(part, (kind,), {method: struck}))


def _put_a_point_before_admission(points: Points) -> None:
    kind: Any = vars(stream_app.scoring_role)["Worker"]

    class Worker(kind):  # type: ignore[misc]  # whichever class it is by now
        async def offer(self, records: Sequence[Record]) -> None:
            met = await points.reach("before offer")
            if met is Action.DROP:  # as Faust does in some rebalances
                return
            await super().offer(records)
            if met is Action.AGAIN:
                await super().offer(records)

    vars(stream_app.scoring_role)["Worker"] = Worker


def _put_points_into_engine(points: Points) -> None:
    def load(settings: Settings) -> WorkingEngine:
        if settings.model is None:
            raise ValueError("a worker under chaos needs VOXPOP_MODEL: the telltale's file")
        post_s = float(os.environ[MODEL_MS]) / 1000
        return _StruckEngine(TelltaleEngine(settings.model), points, post_s)

    vars(stream_app.scoring_role)["_load_engine"] = load


class _StruckEngine:
    """An engine with a point before each of its answers; the canary is scored like any post.

    Args:
        engine: that answers.
        points: of the run.
        post_s: how long it is to take for a post, seconds.
    """

    def __init__(self, engine: TelltaleEngine, points: Points, post_s: float) -> None:
        self._engine = engine
        self._points = points
        self._post_s = post_s
        self.version = engine.version
        self.feature_set = engine.feature_set
        self.stamp = engine.stamp
        self.device = "cpu"
        self.kind = type(self).__name__
        self.state_bytes: int | None = None
        self.kept = Kept()
        self.pid = os.getpid()

    def gone(self) -> str | None:
        return None

    def close(self) -> None:
        pass

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


class _FalseClock:
    """Unix seconds, wrong by what a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._true = time.time
        self._off_s = 0.0
        self._read_s = 0.0

    def __call__(self) -> float:
        now_s = time.monotonic()
        if now_s - self._read_s > CLOCK_READ_S:
            self._read_s = now_s
            self._off_s = float(self._file.read_text()) if self._file.exists() else 0.0
        return self._true() + self._off_s
