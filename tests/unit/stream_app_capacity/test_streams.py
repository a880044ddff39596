"""Posts come as often as asked, in conversations as long as asked."""

from collections import Counter
from itertools import pairwise

import pytest

from stream_app.capacity.arrivals import BURST_EVERY_S, arrival_times, burst_rate, day_rate
from stream_app.capacity.conversations import Conversations
from stream_app.capacity.load import Arrivals, Conversing, Load
from stream_app.demo.scenario import NEW_CONVERSATION_SHARE, OPEN_CONVERSATIONS

KINDS: tuple[Arrivals, ...] = ("steady", "poisson", "bursts", "day")


@pytest.mark.parametrize("how", KINDS)
def test_as_many_come_as_the_mean_rate_says_in_order_and_again_the_same(how: Arrivals) -> None:
    times = list(arrival_times(how, 200.0, 50.0, seed=3))
    assert len(times) == pytest.approx(10_000, rel=0.05)
    assert all(a <= b for a, b in pairwise(times))
    assert times[-1] < 50.0
    assert times == list(arrival_times(how, 200.0, 50.0, seed=3))


def test_bursts_and_days_have_the_mean_that_was_asked() -> None:
    steps = [step / 1000 * BURST_EVERY_S for step in range(1000)]
    assert sum(burst_rate(10.0, at_s) for at_s in steps) / 1000 == pytest.approx(10.0)
    hours = [3600.0 * hour for hour in range(24)]
    assert sum(day_rate(10.0, at_s) for at_s in hours) / 24 == pytest.approx(10.0)
    assert day_rate(10.0, 43_200.0) == pytest.approx(16.0)


def test_conversations_are_those_of_the_demonstration_unless_asked_otherwise() -> None:
    assert Conversing() == Conversing(OPEN_CONVERSATIONS, NEW_CONVERSATION_SHARE)


def test_conversations_are_as_long_as_asked_and_lie_in_all_partitions() -> None:
    load = Load("x", partitions=8, conversing=Conversing(60, 0.05))
    stream = Conversations(load, seed=1)
    posts = [stream.next_post() for _ in range(20_000)]
    lengths = Counter(post.conversation for post in posts)
    assert sum(lengths.values()) / len(lengths) == pytest.approx(20, rel=0.1)
    by_partition = Counter(post.partition for post in posts)
    assert set(by_partition) == set(range(8))
    assert max(by_partition.values()) < 2 * min(by_partition.values())


def test_a_conversation_keeps_its_partition_and_its_tracks() -> None:
    stream = Conversations(Load("x", tracks=20, tracks_per_post=3), seed=1)
    places: dict[int, set[tuple[int, tuple[int, ...]]]] = {}
    for _ in range(500):
        post = stream.next_post()
        places.setdefault(post.conversation, set()).add((post.partition, post.tracks))
        assert len(set(post.tracks)) == 3
    assert all(len(own) == 1 for own in places.values())
