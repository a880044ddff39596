"""Kafka and Redis as a simulated pipeline meets them: what they hold, and what their work costs.

Not for how many of them a deployment needs: that is `sizing`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import simpy

from stream_app.capacity.cores import Cores
from stream_app.capacity.costs import Costs
from stream_app.capacity.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Posted:
    """A post in Kafka.

    Attributes:
        judged: whether it counts in the figures of the run.
        generation: of the consumer group; there is no rebalance here.
        cost: of a batch; none is shed here.
    """

    appended_s: float
    conversation: int
    partition: int
    tracks: tuple[int, ...]
    judged: bool = True
    generation: int = 1
    cost: float = 1.0


class SimulatedKafka:
    """Partitions of `posts`, and a broker that takes cores.

    Args:
        clock: virtual time.
        cores: of the machine that it runs on.
        costs: of its work.
        ledger: told what it used.
        partitions: how many.
    """

    def __init__(
        self, clock: simpy.Environment, cores: Cores, costs: Costs, ledger: Ledger, partitions: int
    ) -> None:
        self._clock = clock
        self._cores = cores
        self._costs = costs
        self._ledger = ledger
        self.waiting: list[deque[Posted]] = [deque() for _ in range(partitions)]
        self.came: list[simpy.Event] = [clock.event() for _ in range(partitions)]

    def append(self, post: Posted) -> None:
        """A post lies in its partition."""
        self.waiting[post.partition].append(post)
        came = self.came[post.partition]
        if not came.triggered:
            came.succeed()
            self.came[post.partition] = self._clock.event()

    def take(self, partition: int, most: int) -> Sequence[Posted]:
        """The next posts of a partition, at most so many."""
        lying = self.waiting[partition]
        return [lying.popleft() for _ in range(min(most, len(lying)))]

    def work(self, work_ms: float) -> simpy.Event:
        """The broker's part of a request, beside all others."""
        self._ledger.used("Kafka", work_ms)
        return self._cores.run(work_ms)

    def idle(self) -> simpy.events.ProcessGenerator:
        """What a broker does whatever happens: a process that never ends."""
        every_s = 0.1
        while True:
            yield self.work(1000 * every_s * self._costs.kafka_cores)
            yield self._clock.timeout(every_s)


class SimulatedRedis:
    """One server: one thread, one call after another.

    Args:
        clock: virtual time.
        cores: of the machine that it runs on.
        ledger: told what it used.
        slowed: how many times longer its work takes since others use the same server.
    """

    def __init__(
        self, clock: simpy.Environment, cores: Cores, ledger: Ledger, slowed: float = 1.0
    ) -> None:
        self._cores = cores
        self._ledger = ledger
        self._slowed = slowed
        self._thread = simpy.Resource(clock)

    def work(self, work_ms: float) -> simpy.events.ProcessGenerator:
        """Wait for its turn and be done."""
        self._ledger.used("Redis", work_ms)
        with self._thread.request() as turn:
            yield turn
            yield self._cores.run(work_ms * self._slowed)
