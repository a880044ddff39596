"""A producer in virtual time: posts of a partition wait for company, and then for the broker.

Not for when posts are made (`arrivals`), nor for what making one costs (`simulation`).

Source: aiokafka's sender. A partition's batch lingers from its first post on, and a broker has one
request of a producer at a time: what comes meanwhile goes together with the next.
"""

from collections.abc import Callable, Sequence
from typing import Final

import simpy

from stream_app.capacity.conversations import NextPost
from stream_app.capacity.costs import Costs
from stream_app.capacity.simulated_servers import SimulatedKafka

ROUNDING_S: Final = 1e-9  # a timer may come a rounding early


class SimulatedProducer:
    """One producer, to one broker.

    Args:
        clock: virtual time.
        kafka: the broker.
        costs: of an append, and how long it takes.
        append: told of posts that lie in Kafka now, and whether each is judged.
    """

    def __init__(
        self,
        clock: simpy.Environment,
        kafka: SimulatedKafka,
        costs: Costs,
        append: Callable[[Sequence[tuple[NextPost, bool]]], None],
    ) -> None:
        self._clock = clock
        self._kafka = kafka
        self._costs = costs
        self._append = append
        self._linger_s = costs.linger_ms / 1000
        self._lingering: dict[int, list[tuple[NextPost, bool]]] = {}
        self._due_s: dict[int, float] = {}
        self._came = clock.event()
        clock.process(self._request())

    def send(self, posts: Sequence[NextPost], judged: bool) -> None:
        """Let posts wait for their request."""
        for post in posts:
            self._lingering.setdefault(post.partition, []).append((post, judged))
            self._due_s.setdefault(post.partition, self._clock.now + self._linger_s)
        self._came.succeed()
        self._came = self._clock.event()

    def _request(self) -> simpy.events.ProcessGenerator:
        clock, costs = self._clock, self._costs
        while True:
            if not self._due_s:
                yield self._came
            wait_s = min(self._due_s.values()) - clock.now
            if wait_s > ROUNDING_S:
                yield clock.timeout(wait_s)
            ready = [own for own, due_s in self._due_s.items() if due_s <= clock.now + ROUNDING_S]
            taken = [self._lingering.pop(own) for own in ready]
            for own in ready:
                del self._due_s[own]
            yield self._kafka.work(len(taken) * costs.kafka_append_ms)
            yield clock.timeout(costs.kafka_trip_ms / 2000)
            for posts in taken:
                self._append(posts)
            yield clock.timeout(costs.kafka_trip_ms / 2000)
