"""What a post costs in batches of a form: a worker's threads, Redis, Kafka. Pure arithmetic.

Not for queues and waiting: the simulation has those.
"""

from dataclasses import dataclass
from typing import Final

from stream_app.capacity.costs import Costs
from stream_app.capacity.demand import Demand
from stream_app.core.flow import DECODED_AT_ONCE
from stream_app.core.windows import WINDOWS_HELD

MIB: Final = 1024 * 1024
MEAN_WINDOW: Final = 0.625  # of a long conversation, full to a quarter after each jump


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as a worker forms it under load.

    Attributes:
        pieces: source partitions.
        calls: track calls.
        portions: as few as they may be: a worker that is behind fetches whole ones.
    """

    posts: float
    pieces: float
    calls: float
    portions: float


@dataclass(frozen=True, slots=True)
class PostCosts:
    """Milliseconds of a core for each post; `gpu` of a GPU.

    Attributes:
        asking: of the threads that ask the model.
        score: of the model's process; `encode` of the same, 0 where a GPU does it.
        state_hits: share of posts whose conversation's state a worker has.
    """

    loop: float
    consumer: float
    asking: float
    encode: float
    score: float
    redis: float
    kafka: float
    gpu: float
    state_hits: float

    @property
    def model(self) -> float:
        """Of the model's process."""
        return self.encode + self.score

    @property
    def worker(self) -> float:
        """Of a worker's threads and its model's process together."""
        return self.loop + self.consumer + self.asking + self.model


def full_batch(demand: Demand, partitions_each: float) -> Batch:
    """A full batch of a worker with so many partitions.

    Tracks are taken to be equally likely, which makes the most calls: of `m` posts and
    `n` tracks, `n (1 - (1 - 1/n)^m)` tracks are met.
    """
    posts = float(demand.batch_max)
    pieces = min(partitions_each, posts)
    mentions = posts * demand.tracks_per_post
    met = demand.tracks * (1 - (1 - 1 / demand.tracks) ** mentions)
    return Batch(posts, pieces, met, max(pieces, posts / DECODED_AT_ONCE))


def post_costs(demand: Demand, costs: Costs, batch: Batch, workers: int) -> PostCosts:
    """Costs of a post in such batches, of so many workers."""
    pieces, calls = batch.pieces / batch.posts, batch.calls / batch.posts
    portions = batch.portions / batch.posts
    live_each = max(1.0, demand.live / workers)
    state_hits = min(1.0, states_kept(demand.states_mib, costs, demand.window) / live_each)
    window_hits = min(1.0, WINDOWS_HELD / live_each)
    reads = 1 / demand.conversation_posts + (1 - 1 / demand.conversation_posts) * (1 - window_hits)
    context = mean_context(demand.conversation_posts, demand.window)
    computed = state_hits * costs.score_context_ms + (1 - state_hits) * costs.score_rebuilt_ms
    a_batch = costs.score_batch_ms if batch.posts > 1 else costs.score_single_ms
    encode_on_cores = costs.encode_batch_ms / batch.posts + costs.encode_post_ms
    score_on_cores = a_batch / batch.posts + costs.score_post_ms + context * computed
    rebuilt = context * (1 - state_hits)
    on_gpu = costs.gpu_batch_ms / batch.posts + (1 + rebuilt) * costs.gpu_post_ms
    return PostCosts(
        loop=(
            costs.loop_batch_ms / batch.posts
            + pieces * costs.loop_piece_ms
            + calls * costs.loop_call_ms
            + portions * costs.loop_portion_ms
            + costs.loop_post_ms
        ),
        consumer=portions * costs.consumer_portion_ms + costs.consumer_post_ms,
        asking=costs.ask_batch_ms / batch.posts + costs.ask_post_ms,
        encode=0.0 if demand.on_gpu else encode_on_cores,
        score=costs.gpu_core_ms if demand.on_gpu else score_on_cores,
        redis=(
            pieces * costs.redis_piece_ms
            + calls * costs.redis_call_ms
            + costs.redis_post_ms
            + reads * costs.redis_read_ms
        ),
        kafka=(
            pieces * costs.kafka_piece_ms + portions * (costs.kafka_read_ms + costs.kafka_append_ms)
        ),
        gpu=on_gpu if demand.on_gpu else 0.0,
        state_hits=state_hits,
    )


def states_kept(states_mib: float, costs: Costs, window: int) -> int:
    """Conversations whose state finds room in a worker's memory for states."""
    return int(states_mib * MIB / (costs.state_bytes * window))


def mean_context(conversation_posts: float, window: int) -> float:
    """Posts before a post in its window on average, for lengths that are geometric.

    A post has `k` before it with probability `p (1 - p)^k`, where `p` is one by the mean length;
    windows of long conversations hold `MEAN_WINDOW` of their most.
    """
    going_on = 1 - 1 / conversation_posts
    most = MEAN_WINDOW * window
    return float(going_on * (1 - going_on**most) / (1 - going_on)) if going_on else 0.0


def worker_limit(costs: Costs, batch: Batch, each: PostCosts) -> tuple[float, str]:
    """Posts a second of one worker at its very most, and what ends there.

    The interpreter's lock is one thing to share, a thread another, and the model's process another.
    Batches are scored one after another, and take effect one after another, each by three waits.
    """
    effects_ms = (
        each.loop
        - costs.loop_post_ms * costs.decode_share
        - costs.loop_portion_ms * batch.portions / batch.posts
        + each.redis
        + costs.kafka_piece_ms * batch.pieces / batch.posts
        + (2 * costs.redis_trip_ms + costs.kafka_trip_ms) / batch.posts
    )
    limits = {
        "the interpreter's lock": each.loop * costs.loop_locked + each.consumer + each.asking,
        "the model's process": each.model + each.gpu,
        "scoring, one batch after another": each.asking + each.score + each.gpu,
        "the event loop": each.loop,
        "effects, one batch after another": effects_ms,
    }
    what = max(limits, key=lambda name: limits[name])
    return 1000 / limits[what], what
