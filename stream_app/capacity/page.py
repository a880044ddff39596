"""Writes the figures of docs/scaling.md and its plot: `python -m stream_app.capacity.page`.

Not for how they come about (`plan`), nor for what was measured beside them (`benchmarks.capacity`).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from stream_app.capacity.blocks import fill, table
from stream_app.capacity.costs import CostsFile, read_costs
from stream_app.capacity.curves import latency_by_load
from stream_app.capacity.demand import Demand
from stream_app.capacity.plan import Plan, plan
from stream_app.capacity.plot import draw
from stream_app.capacity.sizing import GIB, sizes, windows_bytes
from stream_app.core.flow import BATCH_MOST_ON_GPU

PAGE: Final = Path("docs/scaling.md")
PLOT: Final = Path("docs/scaling.png")
RATES: Final = (10_000.0, 100_000.0, 1_000_000.0)
IDLE_DAYS: Final = 0.05  # an hour and a fifth: with a week, memory of Redis is all one would see
ON_GPU: Final = {"gpus_per_node": 1, "batch_max": BATCH_MOST_ON_GPU}
IDLE: Final = (0.05, 1.0, 7.0)
BATCHES: Final = (64, 256, 1024)
HOT: Final = (0.01, 0.05, 0.5)
CRASHES: Final = (0.3, 0.5, 0.6, 0.8, 0.9)
SESSION_S: Final = 10.0


def plans(file: CostsFile) -> str:
    """What each rate needs, on cores and beside GPUs."""
    made = [
        plan(Demand(rate, idle_days=IDLE_DAYS, **extra), file)
        for extra in ({}, ON_GPU)
        for rate in RATES
    ]
    header = [
        "",
        *(f"{rate:,.0f}, cores" for rate in RATES),
        *(f"{rate:,.0f}, GPUs" for rate in RATES),
    ]
    rows = [[name, *(tell(each) for each in made)] for name, tell in _TOLD.items()]
    return table(header, rows)


def windows(file: CostsFile) -> str:
    """Redis' memory of windows by how long they are kept."""
    header = ["kept for, days", *(f"{rate:,.0f} posts/s" for rate in RATES)]
    return table(
        header,
        [
            [
                f"{days:g}",
                *(
                    _gib(windows_bytes(Demand(rate, idle_days=days), file.costs) / GIB)
                    for rate in RATES
                ),
            ]
            for days in IDLE
        ],
        left=0,
    )


def hot_tracks(file: CostsFile) -> str:
    """Most posts a second of one track, by its share of all and the size of batches."""
    header = ["share of all posts", *(f"batches of {batch:,}" for batch in BATCHES)]
    return table(
        header,
        [
            [
                f"{share:.0%}",
                *(f"{_hot_limit(file, share, batch):,.0f}" for batch in BATCHES),
            ]
            for share in HOT
        ],
        left=0,
    )


def _hot_limit(file: CostsFile, share: float, batch: int) -> float:
    demand = Demand(1000.0, hot_share=share, batch_max=batch)
    return sizes(demand, file.costs).redis.hot_limit


def latency(file: CostsFile) -> str:
    """What posts wait by how much of a worker's limit comes, simulated."""
    header = ["of its limit", "posts/s", "batch", "p50 ms", "p95 ms", "p99 ms"]
    return table(
        header,
        [
            [
                f"{each.filled:.0%}",
                f"{each.rate:,.0f}",
                f"{each.batch:.0f}",
                *(f"{each.latency_ms[rank] or 0:,.0f}" for rank in ("p50", "p95", "p99")),
            ]
            for each in latency_by_load(file.costs)
        ],
        left=0,
    )


def crashes(_: CostsFile) -> str:
    """How long posts of a crashed worker's partitions are late."""
    header = ["workers filled to", "noticed after, s", "in time again after, s"]
    return table(
        header,
        [[f"{used:.0%}", f"{SESSION_S:.0f}", f"{SESSION_S / (1 - used):.0f}"] for used in CRASHES],
        left=0,
    )


def costs(file: CostsFile) -> str:
    """Every cost with where it comes from."""
    rows = [
        [f"`{name}`", f"{getattr(file.costs, name):.4g}", origin.source]
        for name, origin in file.origins.items()
    ]
    machines = sorted({own.machine for own in file.origins.values() if own.machine})
    told = table(["cost", "value", "from"], rows, left=3)
    return f"{told}\n\nMeasured by `voxpop bench calibrate` on: {'; '.join(machines)}."


def _latency(made: Plan) -> str:
    if not made.slice.keeps_up:
        return "grows"
    return " / ".join(f"{made.slice.latency_ms[rank] or 0:,.0f}" for rank in ("p50", "p95", "p99"))


def _gib(gib: float) -> str:
    return f"{gib / 1024:,.1f} TiB" if gib >= 1024 else f"{gib:,.0f} GiB"


_TOLD: Final[Mapping[str, Callable[[Plan], str]]] = {
    "partitions": lambda made: f"{made.sizes.workers.partitions:,}",
    "workers": lambda made: f"{made.sizes.workers.count:,}",
    "posts/s of one at most": lambda made: f"{made.sizes.workers.limit:,.0f}",
    "ended by": lambda made: made.sizes.workers.limited_by,
    "cores in use": lambda made: f"{made.sizes.workers.cores:,.0f}",
    "nodes of 16 cores": lambda made: f"{made.sizes.workers.nodes:,}",
    "memory of workers": lambda made: _gib(made.sizes.workers.memory_gib),
    "network of a node, MiB/s": lambda made: f"{made.sizes.node_mib_s:,.0f}",
    "GPUs (assumed)": lambda made: f"{made.sizes.gpus:,}",
    "workers that extract": lambda made: f"{made.sizes.extraction.count:,}",
    "their cores in use": lambda made: f"{made.sizes.extraction.cores:,.0f}",
    "their nodes of 16 cores": lambda made: f"{made.sizes.extraction.nodes:,}",
    "Redis, threads in use": lambda made: f"{made.sizes.redis.cores:,.1f}",
    "Redis, shards": lambda made: f"{made.sizes.redis.shards:,}",
    "Redis, memory": lambda made: _gib(made.sizes.redis.windows_gib + made.sizes.redis.trends_gib),
    "busiest track, of its shard's limit": lambda made: f"{made.sizes.redis.hot_filled:.0%}",
    "Kafka's brokers": lambda made: (
        f"{made.sizes.kafka.brokers:,} (by {made.sizes.kafka.limited_by})"
    ),
    "Kafka in / out / copies, MiB/s": lambda made: (
        f"{made.sizes.kafka.in_mib_s:,.0f} / {made.sizes.kafka.out_mib_s:,.0f} / "
        f"{made.sizes.kafka.copies_mib_s:,.0f}"
    ),
    "disk a day, 3 copies": lambda made: _gib(made.sizes.kafka.disk_gib_a_day),
    "p50 / p95 / p99 ms, simulated": _latency,
}


# every part that needs no servers, by the name of its marks
PARTS: Final[Mapping[str, Callable[[CostsFile], str]]] = {
    "plans": plans,
    "windows": windows,
    "hot tracks": hot_tracks,
    "latency": latency,
    "crashes": crashes,
    "costs": costs,
}


def main() -> None:
    """Write every part of the page, and the plot."""
    file = read_costs()
    for name, make in PARTS.items():
        fill(PAGE, name, make(file))
    draw(file.costs, PLOT)


if __name__ == "__main__":
    main()
