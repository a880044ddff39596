"""What a plan must not be believed about without more measuring. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from stream_app.capacity.costs import CostsFile
from stream_app.capacity.demand import Demand
from stream_app.capacity.sizing import Sizes

MEASURED_POSTS: Final = 2900.0  # a second, the most that was measured: docs/performance.md
MEASURED_WORKERS: Final = 2
MEASURED_CORES: Final = 2
MEASURED_CONVERSATIONS: Final = 1_000_000  # in Redis: docs/performance.md


def warnings_of(demand: Demand, sized: Sizes, file: CostsFile, keeps_up: bool) -> Sequence[str]:
    """Lines to be told under a plan, the gravest first."""
    return [
        *_impossible(demand, sized, keeps_up),
        *_beyond(demand, sized),
        *_assumed(demand, file),
    ]


def _impossible(demand: Demand, sized: Sizes, keeps_up: bool) -> Iterator[str]:
    redis = sized.redis
    if redis.hot_filled > demand.filled:
        yield (
            f"the busiest track has {demand.hot_rate:,.0f} posts/s, and the one shard that it is "
            f"in counts {redis.hot_limit:,.0f} at the very most: take larger batches, or divide it"
        )
    if redis.shards > 1:
        yield (
            f"{redis.shards:,} shards of Redis: keys are tagged for a cluster, but a worker speaks "
            "to one server today: until it can do more, several deployments, each with tracks of "
            "its own"
        )
    if not keeps_up:
        yield "the simulated slice does not keep up: posts come faster than they are counted"
    one = sized.workers.limit
    yield f"one conversation is one worker's: above {one:,.0f} posts/s in one, its posts wait"


def _beyond(demand: Demand, sized: Sizes) -> Iterator[str]:
    times = demand.posts_per_second / MEASURED_POSTS
    if times > 1:
        yield f"{times:,.0f} times the posts/s that were measured ({MEASURED_POSTS:,.0f})"
    if sized.workers.count > MEASURED_WORKERS:
        yield (
            f"{sized.workers.count} workers in one group; measured were {MEASURED_WORKERS}, "
            f"on {MEASURED_CORES} cores"
        )
    begun = demand.posts_per_second / demand.conversation_posts * demand.idle_days * 86_400
    if begun > MEASURED_CONVERSATIONS:
        yield (
            f"{begun:,.0f} conversations in Redis; measured were {MEASURED_CONVERSATIONS:,}; a "
            "shorter VOXPOP_WINDOW_IDLE_DAYS keeps fewer"
        )


def _assumed(demand: Demand, file: CostsFile) -> Iterator[str]:
    used = [
        name
        for name, origin in file.origins.items()
        if origin.assumed and (demand.on_gpu or not name.startswith("gpu_"))
    ]
    if used:
        yield f"assumed, not measured: {', '.join(used)}"
