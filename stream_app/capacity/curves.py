"""How what is needed, and what posts wait, change with the posts that come. Not for drawing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stream_app.capacity.costs import Costs
from stream_app.capacity.demand import Demand
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.shape import full_batch, post_costs, worker_limit
from stream_app.capacity.simulation import Place, simulate
from stream_app.capacity.sizing import PARTITIONS_A_WORKER, Sizes, sizes

FILLED: Final = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
CURVE_RATES: Final = tuple(1000.0 * 10 ** (step / 4) for step in range(13))
_CORES: Final = 2.0  # as many as one worker can use


@dataclass(frozen=True, slots=True)
class AtLoad:
    """One worker at a part of its limit.

    Attributes:
        filled: of its limit; `rate` posts a second.
        batch: posts in a batch on average.
        latency_ms: `p50`, `p95`, `p99` from append to counted.
    """

    filled: float
    rate: float
    batch: float
    latency_ms: Mapping[str, float | None]


def one_worker(costs: Costs) -> float:
    """Posts a second of one worker at its very most, in full batches."""
    demand = Demand(1000.0)
    batch = full_batch(demand, PARTITIONS_A_WORKER)
    return worker_limit(costs, batch, post_costs(demand, costs, batch, 1))[0]


def latency_by_load(costs: Costs, filled: Sequence[float] = FILLED) -> list[AtLoad]:
    """What posts wait at one worker with servers of its own, posts coming at random."""
    limit = one_worker(costs)
    found = []
    for share in filled:
        load = Load(
            "one worker",
            rate=share * limit,
            seconds=4.0,
            settling_s=1.0,
            arrivals="poisson",
            partitions=PARTITIONS_A_WORKER,
            conversing=Conversing(live=2000),
            tracks=1000,
        )
        told = simulate(load, costs, Place(cores=_CORES, together=False, begun=2000)).outcome
        found.append(AtLoad(share, share * limit, told.batch, told.latency_ms))
    return found


def needed(costs: Costs, rates: Sequence[float] = CURVE_RATES) -> list[tuple[float, Sizes]]:
    """What each rate needs, on cores."""
    return [(rate, sizes(Demand(rate, idle_days=0.05), costs)) for rate in rates]
