"""A plan in the terminal: what is needed, how full it is, and what not to believe."""

from rich.console import Console
from rich.table import Table

from stream_app.capacity.plan import Plan


def show(plan: Plan, console: Console) -> None:
    """Print a plan."""
    table = Table(title=f"{plan.demand.posts_per_second:,.0f} posts/s", title_justify="left")
    table.add_column("what")
    table.add_column("how much", justify="right")
    table.add_column("why")
    for row in rows(plan):
        table.add_row(*row)
    console.print(table)
    for what, share in plan.filled.items():
        mark = "  <- fullest" if what == plan.bottleneck else ""
        console.print(f"{share:6.0%}  {what}{mark}", highlight=False)
    for warning in plan.warnings:
        console.print(f"! {warning}", highlight=False, soft_wrap=True)


def rows(plan: Plan) -> list[tuple[str, str, str]]:
    """What, how much and why, for each thing that is needed."""
    sized, demand = plan.sizes, plan.demand
    workers, redis, kafka = sized.workers, sized.redis, sized.kafka
    found = [
        ("partitions of `posts`", f"{workers.partitions:,}", "two a worker"),
        (
            "workers",
            f"{workers.count:,}",
            (
                f"{workers.limit:,.0f} posts/s each at most, by {workers.limited_by}; "
                f"filled to {demand.filled:.0%}"
            ),
        ),
        ("their cores in use", f"{workers.cores:,.1f}", f"{sized.each.worker:.3f} ms a post"),
        (
            "nodes",
            f"{workers.nodes:,}",
            f"of {demand.cores_per_node} cores"
            + (f" and {demand.gpus_per_node} GPUs" if sized.gpus else "")
            + "; two at least, since one may be lost",
        ),
        ("their memory", _gib(workers.memory_gib), "1 GiB of states and as much beside, a worker"),
        ("network of a node", _rate(sized.node_mib_s), "posts in; predictions and Redis out"),
    ]
    if sized.gpus:
        found.append(("GPUs", f"{sized.gpus:,}", f"{sized.each.gpu:.4f} ms a post, assumed"))
    if sized.extraction.count:
        found += _extraction(plan)
    return [
        *found,
        (
            "shards of Redis",
            f"{redis.shards:,}",
            (
                f"{redis.by_work:,} by work ({sized.each.redis:.3f} ms a post), "
                f"{redis.by_memory:,} by memory of {demand.redis_gib:.0f} GiB"
            ),
        ),
        (
            "memory of Redis",
            _gib(redis.windows_gib + redis.trends_gib),
            (
                f"windows {_gib(redis.windows_gib)} ({demand.idle_days:g} days), trends "
                f"{_gib(redis.trends_gib)}; each copy as much again"
            ),
        ),
        (
            "busiest track at most",
            f"{redis.hot_limit:,.0f} posts/s",
            f"one shard's; it has {demand.hot_rate:,.0f}",
        ),
        ("Kafka's brokers", f"{kafka.brokers:,}", f"by {kafka.limited_by}"),
        ("Kafka in", _rate(kafka.in_mib_s), f"and {_rate(kafka.copies_mib_s)} between brokers"),
        ("Kafka out", _rate(kafka.out_mib_s), "workers, and one reader of predictions"),
        ("disk a day", _gib(kafka.disk_gib_a_day), f"{demand.replication} copies"),
        (
            "disk",
            _gib(kafka.disk_gib),
            (
                f"posts for {demand.posts_hours:g} h, raw ones for {demand.raw_days:g} days, "
                f"predictions for {demand.predictions_days:g} days"
            ),
        ),
        ("latency, simulated", latency(plan), f"{plan.slice.workers} workers of it, p50/p95/p99"),
        ("after a crash", f"{plan.catch_up_s:.0f} s", "until its partitions are in time again"),
    ]


def _extraction(plan: Plan) -> list[tuple[str, str, str]]:
    own, demand = plan.sizes.extraction, plan.demand
    return [
        (
            "workers that extract",
            f"{own.count:,}",
            f"{own.limit:,.0f} posts/s each at most, by its event loop; texts alone, no media",
        ),
        ("their cores in use", f"{own.cores:,.1f}", "nearly all the encoder's"),
        ("their nodes", f"{own.nodes:,}", f"of {demand.cores_per_node} cores"),
    ]


def latency(plan: Plan) -> str:
    """Percentiles of the simulated slice."""
    if not plan.slice.keeps_up:
        return "without bound"
    told = (plan.slice.latency_ms[rank] for rank in ("p50", "p95", "p99"))
    return "/".join("-" if each is None else f"{each:,.0f}" for each in told) + " ms"


def _gib(gib: float) -> str:
    return f"{gib / 1024:,.1f} TiB" if gib >= 1024 else f"{gib:,.1f} GiB"


def _rate(mib_s: float) -> str:
    return f"{mib_s / 1024:,.1f} GiB/s" if mib_s >= 1024 else f"{mib_s:,.0f} MiB/s"
