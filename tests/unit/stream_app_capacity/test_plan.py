"""A plan is sized by its costs, keeps up when it is simulated, and says what it does not know."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.topics import voxpop_topics
from stream_app.capacity.costs import read_costs
from stream_app.capacity.demand import Demand, DemandError
from stream_app.capacity.extraction import Extraction
from stream_app.capacity.plan import plan
from stream_app.capacity.shape import full_batch, mean_context, post_costs, worker_limit
from stream_app.capacity.sizing import DAY_S, MIB, sizes, windows_bytes
from stream_app.capacity.windows import SimulatedWindows
from tests.unit.stream_app_capacity.costs_of import costs_of

FILE = read_costs()
COSTS = FILE.costs


@given(st.floats(1.0, 50.0), st.integers(1, 8).map(lambda eighth: 8 * eighth))
def test_the_mean_context_is_the_sum_over_all_lengths(posts: float, window: int) -> None:
    begins = 1 / posts
    whole = int(0.625 * window)
    summed = sum((1 - begins) ** before for before in range(1, whole + 1))
    assert mean_context(posts, window) == pytest.approx(summed, rel=1e-9)


def test_the_mean_context_is_that_of_long_simulated_windows() -> None:
    windows = SimulatedWindows(32, 10, 10)
    looked = [windows.look(1) for _ in range(4000)]
    found = sum(each.context + each.rebuilt for each in looked) / len(looked)
    assert mean_context(1e6, 32) == pytest.approx(found, rel=0.05)


@pytest.mark.parametrize(
    ("costs", "ends_ms", "what"),
    [
        ({"encode_post_ms": 0.2, "score_post_ms": 0.3}, 0.5, "the model's process"),
        ({"loop_locked": 1.0, "consumer_post_ms": 0.4}, 0.6, "the interpreter's lock"),
        ({"loop_locked": 1.0, "ask_post_ms": 0.4}, 0.6, "the interpreter's lock"),
        ({"score_post_ms": 0.3, "ask_post_ms": 0.1}, 0.4, "scoring, one batch after another"),
        (
            {"decode_share": 0.5, "predict_share": 0.5, "redis_post_ms": 0.3},
            0.4,
            "effects, one batch after another",
        ),
    ],
)
def test_a_worker_ends_where_its_slowest_part_does(
    costs: dict[str, float], ends_ms: float, what: str
) -> None:
    known = costs_of(loop_post_ms=0.2, **costs)
    batch = full_batch(Demand(1000.0), 2)
    each = post_costs(Demand(1000.0), known, batch, 1)
    limit, ended_by = worker_limit(known, batch, each)
    assert limit == pytest.approx(1000 / ends_ms)
    assert ended_by == what


@given(st.floats(100, 1e6), st.floats(1.1, 10))
def test_more_posts_never_need_less(rate: float, times: float) -> None:
    few, many = sizes(Demand(rate), COSTS), sizes(Demand(rate * times), COSTS)
    assert few.workers.count <= many.workers.count
    assert few.workers.nodes <= many.workers.nodes
    assert few.redis.shards <= many.redis.shards
    assert few.kafka.brokers <= many.kafka.brokers
    assert few.extraction.count <= many.extraction.count


@given(st.floats(100, 1e6), st.floats(0.1, 0.9))
def test_nothing_that_can_be_multiplied_is_fuller_than_asked(rate: float, filled: float) -> None:
    sized = sizes(Demand(rate, filled=filled, gpus_per_node=1), COSTS)
    for share in (
        sized.workers.filled,
        sized.extraction.filled,
        sized.redis.filled,
        sized.kafka.filled,
        sized.gpu_filled,
    ):
        assert share <= filled + 1e-6


def test_windows_take_the_memory_of_the_conversations_begun_while_they_are_kept() -> None:
    demand = Demand(100.0, conversation_posts=10.0, idle_days=2.0)
    costs = costs_of(window_bytes=5.0, window_post_bytes=1.0)
    assert windows_bytes(demand, costs) == pytest.approx(100 / 10 * 2 * 86_400 * 15)


def test_windows_of_long_conversations_hold_no_more_than_a_window() -> None:
    costs = costs_of(window_post_bytes=1.0)
    demand = Demand(1.0, conversation_posts=400.0, idle_days=1.0, window=32)
    assert windows_bytes(demand, costs) == pytest.approx(86_400 / 400 * 32)


def test_a_shard_counts_a_track_as_fast_as_its_calls_let_it() -> None:
    """One track alone: every batch is one call, of all its posts."""
    costs = replace(COSTS, redis_call_ms=0.5, redis_post_ms=0.0)
    redis = sizes(Demand(1000.0, hot_share=1.0, tracks=1, batch_max=64), costs).redis
    assert redis.hot_limit == pytest.approx(64 / 0.0005)


def test_posts_without_features_need_workers_that_extract_and_bytes_of_raw_posts() -> None:
    costs = replace(
        COSTS,
        extract_encode_ms=1.0,
        extract_post_ms=0.5,
        raw_post_wire_bytes=MIB / 1000,
        kafka_append_ms=0.02,
        kafka_read_ms=0.01,
    )
    with_features = sizes(Demand(1000.0, raw_share=0.0), costs)
    half = sizes(Demand(2000.0, raw_share=0.5, cores_per_node=2, filled=0.5), costs)
    assert with_features.extraction == Extraction(0, 0, 2000.0, 0.0, 0.0)
    assert half.extraction == Extraction(2, 2, 2000.0, 0.375, 1.5)
    raw = sizes(Demand(1000.0), costs)
    assert raw.kafka.in_mib_s == pytest.approx(with_features.kafka.in_mib_s + 1)
    assert raw.kafka.cores > with_features.kafka.cores
    kept = raw.kafka.disk_gib - with_features.kafka.disk_gib
    assert kept == pytest.approx(3 * 86_400 * 3 / 1024)


def test_topics_are_kept_as_long_as_they_are_made_to() -> None:
    made = {topic.name: topic.config.get("retention.ms") for topic in voxpop_topics()}
    demand = Demand(1.0)
    assert made["predictions"] == str(round(demand.predictions_days * DAY_S * 1000))
    assert made["posts"] is None
    assert demand.posts_hours == 168.0  # `log.retention.hours` of Kafka
    assert made["posts.raw"] == str(round(demand.raw_days * DAY_S * 1000))


def test_a_plan_keeps_up_when_it_is_simulated() -> None:
    made = plan(Demand(5000.0, idle_days=0.05), FILE)
    assert made.slice.keeps_up
    assert made.slice.latency_ms["p99"] is not None
    assert made.sizes.workers.filled <= 0.6
    assert made.catch_up_s > 10


def test_a_plan_says_what_one_shard_cannot_count_and_what_was_never_measured() -> None:
    made = plan(Demand(1_000_000.0, hot_share=0.2), FILE)
    told = "\n".join(made.warnings)
    assert "the busiest track has 200,000 posts/s" in told
    assert made.bottleneck == "the busiest track's shard of Redis"
    assert "shards of Redis" in told
    assert "times the posts/s that were measured" in told
    assert "assumed, not measured" in told
    assert "gpu" not in told


def test_a_plan_on_gpus_says_that_none_was_measured() -> None:
    made = plan(Demand(5000.0, gpus_per_node=1, batch_max=512, idle_days=0.05), FILE)
    assert made.sizes.gpus >= 1
    assert any("gpu_batch_ms" in each for each in made.warnings)


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ({"posts_per_second": 0.0}, "posts a second"),
        ({"filled": 1.0}, "share above 0 and below 1"),
        ({"conversation_posts": 0.5}, "one at least"),
        ({"hot_share": 1.5}, "a share is 0 to 1"),
        ({"raw_share": 2.0}, "are raw"),
        ({"tracks": 2, "tracks_per_post": 3}, "only 2 in all"),
    ],
)
def test_what_cannot_be_planned_is_refused(figures: dict[str, float], says: str) -> None:
    with pytest.raises(DemandError, match=says):
        Demand(**{"posts_per_second": 1.0, **figures})  # type: ignore[arg-type]
