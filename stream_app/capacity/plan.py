"""A plan: what a demand needs, what limits first, and whether posts wait when it is simulated.

The whole is sized by arithmetic. Then a slice of it is simulated: a few workers of one node with
their share of its cores and of the posts. That is enough since partitions are independent of each
other: no worker waits for another but at Redis, at a GPU and at the brokers. Of these the slice's
requests find a server that is slower by what all others use of it, 1 / (1 - their share), as in a
processor that is shared (M/G/1-PS, Kleinrock 1976, Queueing Systems 2, 4.4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from stream_app.capacity.costs import Costs, CostsFile
from stream_app.capacity.demand import Demand
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.simulation import Place, Simulated, simulate
from stream_app.capacity.sizing import PARTITIONS_A_WORKER, Sizes, sizes
from stream_app.capacity.warnings import warnings_of

SLICE_WORKERS: Final = 2
SLICE_S: Final = (
    20.0  # many batches of seconds: what comes and goes in few of them differs by chance
)
SETTLING_S: Final = 10.0  # until batches are as large as the load makes them
KEPT_UP: Final = 0.97  # of the posts of a slice that are counted as fast as they come
TRIES: Final = 4
MORE_WORKERS: Final = 1.25  # at each try where a slice does not keep up
MOST_BEGUN: Final = 50_000  # live conversations of a slice: past that no more states are hit


@dataclass(frozen=True, slots=True)
class Slice:
    """A simulated part of a plan.

    Attributes:
        workers: in it.
        rate: posts a second that come; `counted` of them a second are counted.
        keeps_up: whether lag stays bounded.
        latency_ms: `p50`, `p95`, `p99` from append to counted.
        batch: posts in a batch on average.
    """

    workers: int
    rate: float
    counted: float
    keeps_up: bool
    latency_ms: Mapping[str, float | None]
    batch: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demand needs.

    Attributes:
        bottleneck: what is fullest, and how full.
        catch_up_s: after a crash, until the posts of its partitions are counted again in time.
        warnings: where it goes beyond what was measured, or cannot be done today.
    """

    demand: Demand
    sizes: Sizes
    slice: Slice
    bottleneck: str
    filled: Mapping[str, float]
    catch_up_s: float
    warnings: Sequence[str]


def plan(demand: Demand, file: CostsFile, session_s: float = 10.0, seed: int = 1) -> Plan:
    """Size a demand, simulate a slice, and add workers while the slice does not keep up.

    Args:
        demand: what is asked.
        file: what it costs.
        session_s: Kafka's session timeout of a worker: so long a crash goes unnoticed.
        seed: of the simulation.
    """
    workers = 1
    for _ in range(TRIES):
        sized = sizes(demand, file.costs, workers)
        simulated = simulate_slice(demand, sized, file.costs, seed)
        if simulated.keeps_up:
            break
        workers = int(sized.workers.count * MORE_WORKERS) + 1
    filled = _filled(sized)
    bottleneck = max(filled, key=lambda name: filled[name])
    used = sized.workers.filled
    return Plan(
        demand=demand,
        sizes=sized,
        slice=simulated,
        bottleneck=bottleneck,
        filled=filled,
        catch_up_s=session_s * (1 + used / (1 - used)) if used < 1 else float("inf"),
        warnings=warnings_of(demand, sized, file, simulated.keeps_up),
    )


def simulate_slice(demand: Demand, sized: Sizes, costs: Costs, seed: int = 1) -> Slice:
    """A few workers of a plan in virtual time, at their share of everything."""
    workers = min(SLICE_WORKERS, sized.workers.count)
    share = workers / sized.workers.count
    rate = demand.posts_per_second * share
    load = Load(
        "slice",
        rate=rate,
        seconds=SLICE_S,
        settling_s=SETTLING_S,
        arrivals="poisson",
        workers=workers,
        partitions=workers * PARTITIONS_A_WORKER,
        batch_max=demand.batch_max,
        window=demand.window,
        conversing=Conversing(
            live=max(1, min(MOST_BEGUN, round(demand.live * share))),
            new_share=1 / demand.conversation_posts,
        ),
        tracks=demand.tracks,
        tracks_per_post=demand.tracks_per_post,
    )
    result = simulate(
        load, _with_others_on_gpu(costs, sized, share), _place(demand, sized, load, share), seed
    )
    return _told(load, result)


def _place(demand: Demand, sized: Sizes, load: Load, share: float) -> Place:
    """Cores by the workers of a node, never fewer than one; servers elsewhere."""
    cores = demand.cores_per_node * sized.workers.nodes * share
    return Place(
        cores=max(1.0, cores),
        together=False,
        states_mib=demand.states_mib,
        gpus=1 if sized.gpus else 0,
        redis_slowed=_slowed(sized.redis.cores / sized.redis.shards, share * sized.redis.shards),
        begun=load.conversing.live,
    )


def _slowed(filled: float, own: float) -> float:
    """How many times slower a server is that others use too.

    Args:
        filled: share of the server's time that all use.
        own: the slice's share of that; a slice may use several servers, or a part of one.
    """
    return 1 / (1 - min(0.95, filled * (1 - min(1.0, own))))


def _with_others_on_gpu(costs: Costs, sized: Sizes, share: float) -> Costs:
    if not sized.gpus:
        return costs
    slowed = _slowed(sized.gpu_filled, share * sized.gpus)
    return replace(
        costs, gpu_batch_ms=costs.gpu_batch_ms * slowed, gpu_post_ms=costs.gpu_post_ms * slowed
    )


def _told(load: Load, result: Simulated) -> Slice:
    rate = load.rate or 0.0
    return Slice(
        workers=load.workers,
        rate=rate,
        counted=result.outcome.rate,
        keeps_up=result.outcome.rate >= KEPT_UP * rate,
        latency_ms=result.outcome.latency_ms,
        batch=result.outcome.batch,
    )


def _filled(sized: Sizes) -> dict[str, float]:
    """How full each thing is; above 1 it cannot be done."""
    filled = {
        f"workers ({sized.workers.limited_by})": sized.workers.filled,
        "Redis": sized.redis.filled,
        "the busiest track's shard of Redis": sized.redis.hot_filled,
        f"Kafka's brokers ({sized.kafka.limited_by})": sized.kafka.filled,
    }
    if sized.gpus:
        filled["GPUs"] = sized.gpu_filled
    if sized.extraction.count:
        filled["workers that extract"] = sized.extraction.filled
    return filled
