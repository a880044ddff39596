"""What came of a run, real or simulated: the same figures of both, so that they can be compared.

Not for judging how well they agree: that is `benchmarks.capacity`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of the judged part of a run.

    Attributes:
        rate: posts a second counted in Redis.
        core_ms: whose -> milliseconds of a core for each post counted.
        busy: share of the machine's cores that was used by them.
        latency_ms: `p50`, `p95`, `p99` from append to visible; empty for a backlog.
        batch: posts in a batch on average.
        pieces: source partitions in a batch on average.
        calls: track calls in a batch on average.
        portions: decoded for a batch on average, see `Costs`.
        infer_ms: from giving a batch to the model until its answer, on average.
    """

    rate: float
    core_ms: Mapping[str, float]
    busy: float
    latency_ms: Mapping[str, float | None]
    batch: float
    pieces: float
    calls: float
    portions: float
    infer_ms: float
