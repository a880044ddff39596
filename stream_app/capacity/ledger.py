"""Who used how much of the cores of a simulated run, and what was counted when."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is.

    Attributes:
        counted: posts so far.
        used_ms: whose -> milliseconds of a core so far.
    """

    at_s: float
    counted: int
    used_ms: Mapping[str, float]


@dataclass(slots=True)
class Ledger:
    """Sums of a run.

    Attributes:
        counted: posts whose last effect is done.
        batches: concluded.
        pieces: source partitions of those batches.
        calls: track calls of those batches.
        portions: decoded, see `Costs`.
        infer_ms: from giving each batch to the model until its answer.
        latencies_ms: of judged posts, from append to visible.
        moments: one a batch.
    """

    counted: int = 0
    batches: int = 0
    pieces: int = 0
    calls: int = 0
    portions: int = 0
    infer_ms: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    _used_ms: dict[str, float] = field(default_factory=dict)

    def used(self, whose: str, work_ms: float) -> None:
        """Somebody is given work, milliseconds of a core."""
        self._used_ms[whose] = self._used_ms.get(whose, 0.0) + work_ms

    def concluded(self, at_s: float, posts: int, pieces: int, calls: int) -> None:
        """A batch had its last effect."""
        self.counted += posts
        self.batches += 1
        self.pieces += pieces
        self.calls += calls
        self.moments.append(Moment(at_s, self.counted, dict(self._used_ms)))
