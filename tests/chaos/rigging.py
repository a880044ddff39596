"""Makes the worker of this process one that can be struck: fault points, and a clock that is wrong.

Called before `stream_app.app` is imported, since that builds its parts at once. The product knows
nothing of it; each rig replaces a part in the room where it is wired. What can be struck of the
worker's model is in the model's process: `model`.
"""

import functools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import stream_app.runtime
import stream_app.scoring_role
from stream_app.core.record import Record
from stream_app.inference.process import EngineProcess
from tests.chaos.guards import GUARDS
from tests.chaos.points import FOLDER, Action, Points

MODEL: Final = "tests.chaos.model"
WITHOUT: Final = "VOXPOP_CHAOS_WITHOUT"
CLOCK: Final = "clock"  # file: seconds by which the workers' clocks are wrong
CLOCK_READ_S: Final = 0.2

# part, its method, and the name of the points before and after it
AROUND: Final = (
    ("Decider", "assemble", "assemble"),
    ("Decider", "score", "decide"),
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
    _take_a_model_that_can_be_struck()
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


def _take_a_model_that_can_be_struck() -> None:
    taken = functools.partial(EngineProcess, command=(sys.executable, "-P", "-m", MODEL))
    vars(stream_app.scoring_role)["EngineProcess"] = taken


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
