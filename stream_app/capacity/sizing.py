"""How many of each thing a demand needs, each from the costs of a post. Pure arithmetic.

Not for whether posts then wait: `plan` simulates a slice of what is sized here.
"""

from dataclasses import dataclass
from math import ceil, log10
from typing import Final

from stream_app.capacity.costs import Costs
from stream_app.capacity.demand import Demand
from stream_app.capacity.extraction import Extraction, extraction, raw_broker_ms, raw_bytes
from stream_app.capacity.shape import Batch, PostCosts, full_batch, post_costs, worker_limit

PARTITIONS_A_WORKER: Final = 2  # so that one more worker is of use, and one less no disaster
LEAST_NODES: Final = 2  # one may be lost
DAY_S: Final = 86_400
GIB: Final = 1024**3
MIB: Final = 1024**2
QUIETEST, BUSIEST = 0.1, 1000.0  # posts a minute of a track between which its memory was weighed
QUIET_SHARE: Final = 0.13  # of the busiest track's memory, the quietest's: 3.0 by 22.7 MB


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers and their machines.

    Attributes:
        limit: posts a second of one at its very most; `limited_by` says what ends there.
        filled: share of that limit that is used.
        cores: used by all of them.
    """

    count: int
    partitions: int
    nodes: int
    limit: float
    limited_by: str
    filled: float
    cores: float
    memory_gib: float
    state_hits: float


@dataclass(frozen=True, slots=True)
class Redis:
    """Shards of Redis.

    Attributes:
        cores: of one thread a shard, used by all shards.
        by_work: shards that the work needs; `by_memory` those that the memory needs.
        filled: share of the busiest resource, thread or memory.
        windows_gib: of conversations; `trends_gib` of tracks; one copy of each.
        hot_limit: posts a second of the busiest track at the very most: it is in one shard.
        hot_filled: share of that limit that is used.
    """

    shards: int
    by_work: int
    by_memory: int
    cores: float
    filled: float
    windows_gib: float
    trends_gib: float
    hot_limit: float
    hot_filled: float


@dataclass(frozen=True, slots=True)
class Kafka:
    """Brokers.

    Attributes:
        in_mib_s: from producers and workers, one copy; `out_mib_s` to workers and one reader.
        copies_mib_s: between brokers.
        disk_gib: kept, all copies; `disk_gib_a_day` written, all copies.
        limited_by: of network, disk, cores and copies, what needs the most brokers.
    """

    brokers: int
    in_mib_s: float
    out_mib_s: float
    copies_mib_s: float
    cores: float
    disk_gib_a_day: float
    disk_gib: float
    limited_by: str
    filled: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """All that a demand needs.

    Attributes:
        batch: as it is under load.
        each: costs of a post.
        gpus: 0 where the model runs on cores.
        gpu_filled: share of the GPUs' time.
        node_mib_s: network of a worker's machine, in and out.
    """

    batch: Batch
    each: PostCosts
    workers: Workers
    extraction: Extraction
    redis: Redis
    kafka: Kafka
    gpus: int
    gpu_filled: float
    node_mib_s: float


def sizes(demand: Demand, costs: Costs, workers: int = 1) -> Sizes:
    """What a demand needs, with at least so many workers."""
    batch = full_batch(demand, PARTITIONS_A_WORKER)
    count, each = _worker_count(demand, costs, batch, workers)
    own = _workers(demand, costs, batch, each, count)
    gpus = ceil(demand.posts_per_second * each.gpu / 1000 / demand.filled)
    if demand.on_gpu:
        gpus = max(gpus, 1)
    return Sizes(
        batch=batch,
        each=each,
        workers=own,
        extraction=extraction(demand, costs),
        redis=_redis(demand, costs, batch, each),
        kafka=_kafka(demand, costs, each),
        gpus=gpus,
        gpu_filled=demand.posts_per_second * each.gpu / 1000 / gpus if gpus else 0.0,
        node_mib_s=_bytes_through_a_worker(costs, batch)
        * demand.posts_per_second
        / own.nodes
        / MIB,
    )


def _worker_count(demand: Demand, costs: Costs, batch: Batch, least: int) -> tuple[int, PostCosts]:
    """Workers that are filled as wanted; more workers have more states each needs fewer."""
    count = least
    while True:
        each = post_costs(demand, costs, batch, count)
        limit, _ = worker_limit(costs, batch, each)
        needed = max(least, ceil(demand.posts_per_second / (limit * demand.filled)))
        if needed <= count:
            return count, each
        count = needed


def _workers(demand: Demand, costs: Costs, batch: Batch, each: PostCosts, count: int) -> Workers:
    limit, limited_by = worker_limit(costs, batch, each)
    cores = demand.posts_per_second * each.worker / 1000
    by_gpu = 0
    if demand.on_gpu:
        by_gpu = ceil(
            demand.posts_per_second * each.gpu / 1000 / demand.filled / demand.gpus_per_node
        )
    return Workers(
        count=count,
        partitions=count * PARTITIONS_A_WORKER,
        nodes=max(LEAST_NODES, by_gpu, ceil(cores / demand.filled / demand.cores_per_node)),
        limit=limit,
        limited_by=limited_by,
        filled=demand.posts_per_second / count / limit,
        cores=cores,
        memory_gib=count * (costs.worker_bytes + demand.states_mib * MIB) / GIB,
        state_hits=each.state_hits,
    )


def _redis(demand: Demand, costs: Costs, batch: Batch, each: PostCosts) -> Redis:
    cores = demand.posts_per_second * each.redis / 1000
    windows = windows_bytes(demand, costs) / GIB
    trends = demand.tracks * track_bytes(demand, costs) / GIB
    by_work = ceil(cores / demand.filled)
    by_memory = ceil((windows + trends) / demand.redis_gib / demand.filled)
    shards = max(1, by_work, by_memory)
    hot = _hot_track(demand, costs, batch)
    return Redis(
        shards=shards,
        by_work=by_work,
        by_memory=by_memory,
        cores=cores,
        filled=max(cores, (windows + trends) / demand.redis_gib) / shards,
        windows_gib=windows,
        trends_gib=trends,
        hot_limit=hot,
        hot_filled=demand.hot_rate / hot,
    )


def _hot_track(demand: Demand, costs: Costs, batch: Batch) -> float:
    """Posts a second of the busiest track that one thread can count.

    A call counts all posts of the track in a batch, and costs the more a post the fewer they are.
    """
    share = max(demand.hot_share, 1 / demand.tracks)
    posts = batch.posts
    counted = share * posts / (1 - (1 - share) ** posts) if share < 1 else posts
    return 1000 * counted / (costs.redis_call_ms + counted * costs.redis_post_ms / 2)


def windows_bytes(demand: Demand, costs: Costs) -> float:
    """Memory of all windows that have not expired, one copy."""
    begun = demand.posts_per_second / demand.conversation_posts * demand.idle_days * DAY_S
    kept = min(demand.conversation_posts, float(demand.window))
    return begun * (costs.window_bytes + kept * costs.window_post_bytes)


def track_bytes(demand: Demand, costs: Costs) -> float:
    """Memory of a track of the mean, once its oldest buckets expire.

    Between the quietest and the busiest track that were weighed it grows about as the logarithm of
    its posts; what lies between is at most a half less than this says.
    """
    a_minute = 60 * demand.posts_per_second * demand.tracks_per_post / demand.tracks
    place = log10(min(max(a_minute, QUIETEST), BUSIEST) / QUIETEST) / log10(BUSIEST / QUIETEST)
    return costs.track_bytes * (QUIET_SHARE + (1 - QUIET_SHARE) * place)


def _kafka(demand: Demand, costs: Costs, each: PostCosts) -> Kafka:
    a_post = costs.post_wire_bytes + costs.prediction_wire_bytes + raw_bytes(demand, costs)
    in_mib_s = demand.posts_per_second * a_post / MIB
    copies = in_mib_s * (demand.replication - 1)
    out = in_mib_s  # workers read posts, raw ones too, and one reader reads predictions
    cores = demand.posts_per_second * (each.kafka + raw_broker_ms(demand, costs)) / 1000
    needs = {
        "network": (in_mib_s + copies) / demand.network_mib_s / demand.filled,
        "network out": (out + copies) / demand.network_mib_s / demand.filled,
        "disk": (in_mib_s + copies) / demand.broker_disk_mib_s / demand.filled,
        "cores": cores / demand.cores_per_node / demand.filled,
        "copies": float(demand.replication),
    }
    limited_by = max(needs, key=lambda name: needs[name])
    brokers = ceil(needs[limited_by])
    busiest = max(need for name, need in needs.items() if name != "copies")
    kept = demand.posts_per_second * (
        costs.post_wire_bytes * demand.posts_hours * 3600
        + raw_bytes(demand, costs) * demand.raw_days * DAY_S
        + costs.prediction_wire_bytes * demand.predictions_days * DAY_S
    )
    return Kafka(
        brokers=brokers,
        in_mib_s=in_mib_s,
        out_mib_s=out,
        copies_mib_s=copies,
        cores=cores,
        disk_gib_a_day=(in_mib_s + copies) * DAY_S / 1024,
        disk_gib=kept * demand.replication / GIB,
        limited_by=limited_by,
        filled=busiest * demand.filled / brokers,
    )


def _bytes_through_a_worker(costs: Costs, batch: Batch) -> float:
    """Of its network for each post: read from Kafka, delivered, sent to Redis."""
    return (
        costs.post_wire_bytes
        + costs.prediction_wire_bytes
        + costs.redis_post_bytes
        + batch.calls / batch.posts * costs.redis_call_bytes
    )
