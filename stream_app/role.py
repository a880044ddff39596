"""What a worker process is for: reading posts and scoring them, or making them ready for that.

Not for wiring: `scoring_role` and `extraction.role` do that, and `runtime` runs either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio

from connectors.kafka.rights import Role as KafkaRole
from stream_app.broker import Broker
from stream_app.core.record import Record
from stream_app.health import Server
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from stream_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """Parts that every worker process has.

    Attributes:
        topic: full name of the source topic.
    """

    settings: Settings
    topic: str
    broker: Broker
    membership: Membership
    metrics: Metrics


class RunningWorker(Protocol):
    """A `Worker`, whatever its batches hold."""

    async def offer(self, records: Sequence[Record]) -> None:
        """Take records from the agent."""

    async def run(self) -> None:
        """Work until cancelled."""

    async def tend(self) -> None:
        """Commit and heal; call it every second."""

    async def revoke(self) -> None:
        """Finish what is in flight and own nothing."""

    def position(self, partition: int) -> int | None:
        """Offset after the last post that is done."""

    def held_back(self, partition: int) -> bool:
        """Whether a partition waits for media."""

    def assigned(self) -> None:
        """Partitions were assigned."""

    async def shut_down(self) -> None:
        """Finish what is in flight before the process ends."""


class Role(Protocol):
    """One of the things that a worker process can be for."""

    @property
    def source(self) -> str:
        """Name of the source topic, without the prefix."""
        ...

    @property
    def rights(self) -> KafkaRole:
        """What such a worker is to Kafka."""
        ...

    @property
    def servers(self) -> Sequence[Server]:
        """Servers that it cannot do without."""
        ...

    @property
    def redis(self) -> redis.asyncio.Redis | None:
        """Its client of Redis, where it needs one."""
        ...

    async def require(self) -> None:
        """Check what it needs beside topics.

        Raises:
            CannotGoOn: something is missing; says what and what to do.
        """
        ...

    async def start(self) -> str:
        """Load the model and connect; returns the model's version.

        Raises:
            CannotGoOn: the model cannot be used.
        """
        ...

    def worker(self, shared: Shared) -> RunningWorker:
        """The worker; call it once, after `start`."""
        ...

    async def stop(self) -> None:
        """Close connections."""
        ...
