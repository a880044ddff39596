"""What the workers that make features need, from the costs of a post. Pure arithmetic.

Not for media, whose costs are up to them, nor for what posts wait there: that is not simulated.
"""

from dataclasses import dataclass
from math import ceil

from stream_app.capacity.costs import Costs
from stream_app.capacity.demand import Demand
from stream_app.core.flow import DECODED_AT_ONCE


@dataclass(frozen=True, slots=True)
class Extraction:
    """Workers that extract, and their machines; all 0 where posts come with features.

    The encoder fills as many cores as a worker has, so that what ends a worker is its one event
    loop, and what all of them need is cores.

    Attributes:
        nodes: for their cores; they may be those of the workers that score.
        limit: posts a second of one worker with all cores that it can use.
        filled: share of the busiest, event loops or cores, that is used.
        cores: used by all of them.
    """

    count: int
    nodes: int
    limit: float
    filled: float
    cores: float


def extraction(demand: Demand, costs: Costs) -> Extraction:
    """Workers that extract what comes without features."""
    rate = demand.posts_per_second * demand.raw_share
    cores = rate * (costs.extract_encode_ms + costs.extract_post_ms) / 1000
    loops = rate * costs.extract_post_ms / 1000
    nodes = ceil(cores / demand.cores_per_node / demand.filled)
    count = max(nodes, ceil(loops / demand.filled))
    busiest = max(loops / count, cores / nodes / demand.cores_per_node) if cores else 0.0
    return Extraction(
        count=count,
        nodes=nodes,
        limit=1000 / costs.extract_post_ms if costs.extract_post_ms else 0.0,
        filled=busiest,
        cores=cores,
    )


def raw_bytes(demand: Demand, costs: Costs) -> float:
    """Of `posts.raw` for each post on average, compressed in its batch."""
    return demand.raw_share * costs.raw_post_wire_bytes


def raw_broker_ms(demand: Demand, costs: Costs) -> float:
    """Of the brokers for each post on average: one more append and reader, in whole portions."""
    return demand.raw_share * (costs.kafka_append_ms + costs.kafka_read_ms) / DECODED_AT_ONCE
