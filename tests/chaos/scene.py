"""What a fault may reach while posts flow: servers, workers, points, the feed and the ledger.

Not for the order of a run: that is `run`.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from connectors.kafka.availability import offset_bounds
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError
from connectors.kafka.topics import partition_count, topic_id
from stream_app.trial.worker_process import worker_environment
from tests.chaos.crew import Crew, Member
from tests.chaos.evidence import committed
from tests.chaos.feed import Feed
from tests.chaos.findings import Terms
from tests.chaos.points import Points
from tests.chaos.posts import Ledger
from tests.chaos.servers import Servers

LOOK_S: Final = 0.25
EFFECT_WITHIN_S: Final = 120.0
SESSION_S: Final = 6.0


@dataclass
class Scene:
    """A run in progress.

    Attributes:
        prefix: of topics and keys.
        group: the workers' consumer group.
        environment: of workers that are started from now on.
        terms: what its faults take away by what the product says of them.
        stuck: what is known of workers that hung or grew, in words.
        found: figures that a fault measured, for the JSON.
        recoveries_s: for each fault, seconds from its end until all that had been sent was done.
    """

    servers: Servers
    kafka: KafkaConnection
    prefix: str
    group: str
    environment: dict[str, str]
    crew: Crew
    points: Points
    feed: Feed
    ledger: Ledger
    random: Random
    folder: Path
    terms: Terms = field(default_factory=Terms)
    stuck: list[str] = field(default_factory=list)
    found: dict[str, object] = field(default_factory=dict)
    recoveries_s: list[float] = field(default_factory=list)

    @property
    def topic(self) -> str:
        """The source topic."""
        return self.prefix + "posts"

    def write_model(self, version: str) -> None:
        """Put a model where the workers look for theirs when they start."""
        (self.folder / f"model-{version}").write_text(version)
        draft = self.folder / "draft"
        draft.write_text(version)
        draft.replace(self.folder / "model")

    def someone(self) -> Member:
        """A worker that runs, at random."""
        return self.random.choice(self.crew.running())

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to a worker at random; returns its process id."""
        pid = self.random.choice(self.crew.pids())
        os.kill(pid, number)
        return pid

    async def moment(self, longest_s: float = 2.0) -> None:
        """Let a random time pass: faults come when they like."""
        await asyncio.sleep(self.random.uniform(0.2, longest_s))

    async def until(self, holds: Callable[[], Awaitable[bool]], within_s: float) -> bool:
        """Wait for an effect; servers that do not answer meanwhile have not shown it."""
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            with contextlib.suppress(KafkaError, KafkaConnectorError, OSError):
                if await holds():
                    return True
            await asyncio.sleep(LOOK_S)
        return False

    async def ends(self) -> dict[int, int]:
        """Partition -> offset after its last record."""
        partitions = range(await partition_count(self.kafka, self.topic))
        bounds = await offset_bounds(self.kafka, self.topic, partitions)
        return {partition: end for partition, (_, end) in bounds.items()}

    async def committed(self) -> dict[int, int]:
        """Partition -> offset that the workers have committed."""
        return await committed(self.kafka, self.topic, self.group)

    async def done_up_to(self, ends: dict[int, int], within_s: float = EFFECT_WITHIN_S) -> bool:
        """Wait until the workers have committed as far; returns whether they did in time."""

        async def done() -> bool:
            reached = await self.committed()
            return all(reached.get(at, 0) >= end for at, end in ends.items())

        return await self.until(done, within_s)

    async def recover(self) -> None:
        """Wait until all is done that was sent before the fault's end, and note how long it took.

        Raises:
            TimeoutError: it is not; the run cannot go on.
        """
        began_s = time.monotonic()
        ends: dict[int, int] = {}

        async def known() -> bool:
            ends.update(await self.ends())
            return True

        if not (await self.until(known, EFFECT_WITHIN_S) and await self.done_up_to(ends)):
            raise TimeoutError(
                f"not recovered in {EFFECT_WITHIN_S:.0f} s: done {await self.committed()} of {ends}"
            )
        self.recoveries_s.append(round(time.monotonic() - began_s, 1))

    async def taken_over(self) -> None:
        """Wait until the workers that still answer have done what is in Kafka now.

        Raises:
            TimeoutError: they do not.
        """
        if not await self.done_up_to(await self.ends()):
            raise TimeoutError("the other workers did not take over")

    async def voxpop(self, *arguments: str) -> None:
        """Run the command line as an operator would; a failure is something stuck."""
        child = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("voxpop"),
            *arguments,
            env=worker_environment(self.environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await child.communicate()
        if child.returncode:
            self.stuck.append(f"voxpop {' '.join(arguments)}: {said.decode()[-500:]}")

    async def delete_topic(self, name: str) -> None:
        """Delete a topic and wait until it is gone."""
        async with self.admin() as admin:
            await admin.delete_topics([name])

        async def gone() -> bool:
            try:
                await topic_id(self.kafka, name)
            except KafkaConnectorError:
                return True
            return False

        await self.until(gone, EFFECT_WITHIN_S)

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An administrator of the brokers."""
        admin = AIOKafkaAdminClient(**self.kafka.client_options())
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def ready(self, members: int) -> None:
        """Wait until so many workers make up the group.

        Raises:
            TimeoutError: they do not.
        """

        async def stand() -> bool:
            async with self.admin() as admin:
                (answer,) = await admin.describe_consumer_groups([self.group])
            ((_, _, state, _, _, found, *_),) = answer.groups
            return state == "Stable" and len(found) == members

        if not await self.until(stand, EFFECT_WITHIN_S):
            raise TimeoutError(f"{members} workers did not join the group")
