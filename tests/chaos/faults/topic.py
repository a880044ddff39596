"""The source topic changes: made again, grown, cut by retention."""

import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, RecordsToDelete

from connectors.kafka.topics import create_topics, voxpop_topics
from tests.chaos.points import Action
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

UNREAD: Final = 300


@dataclass(frozen=True, slots=True)
class TopicMadeAgain:
    """All is done, then the topic is deleted and made again, and posts flow into the new one.

    Args:
        outgrown: more posts than the old one had are there before a worker looks.
    """

    outgrown: bool = False
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "source topic made again" + (", longer than before" if self.outgrown else "")

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        async with scene.feed.paused():
            await scene.taken_over()
            ends = await scene.ends()
            await _make_again(scene, len(ends))
            if self.outgrown:
                await scene.feed.send(2 * sum(ends.values()))


@dataclass(frozen=True, slots=True)
class LateCommit:
    """What the only worker commits of the old topic reaches the new one; then it is killed.

    More posts than the old one had are there before it comes back. A single post is left to commit,
    so that all of the old topic is done.
    """

    name: str = "a commit of the topic before reaches the one made again"

    async def strike(self, scene: Scene) -> None:
        async with scene.feed.paused():
            await scene.taken_over()
            scene.points.arm("before commit", Action.FREEZE)
            await scene.feed.send(1)
            pid = await scene.points.taken("before commit")
            ends = await scene.ends()
            await _make_again(scene, len(ends))
            if not await scene.until(_forgotten(scene), EFFECT_WITHIN_S):
                raise TimeoutError("Kafka keeps the commits of a topic that was deleted")
            scene.points.arm("after commit", Action.KILL)
            (member,) = scene.crew.running()
            member.wanted = False
            os.kill(pid, signal.SIGCONT)
            await scene.points.taken("after commit")
            if await _forgotten(scene)():
                raise TimeoutError("Kafka did not take the late commit")
            await scene.feed.send(3 * sum(ends.values()))
        scene.crew.come_back(member)


@dataclass(frozen=True, slots=True)
class MorePartitions:
    """The topic grows; conversations move to other partitions."""

    name: str = "more partitions"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        async with scene.feed.paused(), scene.admin() as admin:
            more = 2 * len(await scene.ends())
            await admin.create_partitions({scene.topic: NewPartitions(more)})


@dataclass(frozen=True, slots=True)
class Retention:
    """While no worker runs, Kafka deletes posts that none has read."""

    name: str = "retention passes the commit"

    async def strike(self, scene: Scene) -> None:
        members = list(scene.crew.running())
        for member in members:
            await scene.crew.stop(member)
        async with scene.feed.paused():
            await scene.feed.send(UNREAD)
            committed, ends = await scene.committed(), await scene.ends()
            kept_from = {at: (committed.get(at, 0) + end) // 2 for at, end in ends.items()}
            async with scene.admin() as admin:
                await admin.delete_records(
                    {
                        TopicPartition(scene.topic, at): RecordsToDelete(offset)
                        for at, offset in kept_from.items()
                    }
                )
            scene.ledger.deleted |= {
                place
                for place in scene.ledger.placed
                if committed.get(place.partition, 0) <= place.offset < kept_from[place.partition]
            }
        for member in members:
            scene.crew.come_back(member)


async def _make_again(scene: Scene, partitions: int) -> None:
    await scene.delete_topic(scene.topic)
    await create_topics(scene.kafka, voxpop_topics(scene.prefix, partitions))


def _forgotten(scene: Scene) -> Callable[[], Awaitable[bool]]:
    async def nothing_committed() -> bool:
        return not await scene.committed()

    return nothing_committed
