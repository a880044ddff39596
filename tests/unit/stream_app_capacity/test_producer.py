"""Posts of a simulated producer go together as those of a real one do."""

from collections.abc import Sequence

import pytest
import simpy

from stream_app.capacity.conversations import NextPost
from stream_app.capacity.cores import Cores
from stream_app.capacity.ledger import Ledger
from stream_app.capacity.simulated_producer import SimulatedProducer
from stream_app.capacity.simulated_servers import SimulatedKafka
from tests.unit.stream_app_capacity.costs_of import costs_of

Sent = tuple[float, int, int]  # seconds, partition, conversation


def appended(sent: Sequence[Sent], **costs: float) -> list[tuple[float, list[int]]]:
    """When which conversations' posts were appended together, in milliseconds."""
    clock = simpy.Environment()
    each = costs_of(**costs)
    kafka = SimulatedKafka(clock, Cores(clock, float("inf")), each, Ledger(), 4)
    found: list[tuple[float, list[int]]] = []

    def append(posts: Sequence[tuple[NextPost, bool]]) -> None:
        found.append((round(1000 * clock.now, 6), [post.conversation for post, _ in posts]))

    producer = SimulatedProducer(clock, kafka, each, append)

    def send() -> simpy.events.ProcessGenerator:
        for at_s, partition, conversation in sent:
            yield clock.timeout(at_s - clock.now)
            producer.send([NextPost(conversation, partition, ())], judged=True)

    clock.process(send())
    clock.run(until=1.0)
    return found


def test_posts_of_a_partition_wait_for_company_from_the_first_on() -> None:
    sent = [(0.0, 0, 1), (0.003, 1, 2), (0.004, 0, 3), (0.006, 0, 4)]
    assert appended(sent, linger_ms=5.0) == [(5.0, [1, 3]), (8.0, [2]), (11.0, [4])]


def test_what_comes_while_the_broker_is_asked_goes_together_with_the_next() -> None:
    sent = [(0.0, 0, 1), (0.001, 0, 2), (0.004, 1, 3), (0.009, 0, 4)]
    assert appended(sent, kafka_trip_ms=10.0) == [(5.0, [1]), (15.0, [2, 4]), (15.0, [3])]


@pytest.mark.parametrize(("partitions", "done_ms"), [(1, 3.0), (3, 9.0)])
def test_a_request_costs_the_broker_for_each_partition_in_it(
    partitions: int, done_ms: float
) -> None:
    sent = [(0.0, number, number) for number in range(partitions)]
    assert appended(sent, kafka_append_ms=3.0, linger_ms=1.0)[-1][0] == pytest.approx(1 + done_ms)
