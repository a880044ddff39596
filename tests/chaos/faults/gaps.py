"""Offsets that hold no record: markers of transactions, and what compaction took away."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from connectors.kafka.reading import read_topic
from connectors.kafka.topics import topic_id
from tests.chaos.posts import Place, Post
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

TRANSACTIONS: Final = 30
POSTS_EACH: Final = 5
UNREAD: Final = 300
COMPACTED: Final = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.001",
}


@dataclass(frozen=True, slots=True)
class Transactions:
    """Posts come in transactions; those of an aborted one are none, as workers read committed."""

    name: str = "transactions"

    async def strike(self, scene: Scene) -> None:
        async with scene.feed.paused():
            incarnation = await topic_id(scene.kafka, scene.topic)
            producer = AIOKafkaProducer(
                **scene.kafka.client_options(), transactional_id=f"{scene.prefix}producer"
            )
            await producer.start()
            try:
                for number in range(TRANSACTIONS):
                    own: dict[Place, Post] = {}
                    await producer.begin_transaction()
                    for post in islice(scene.feed.posts, POSTS_EACH):
                        sent = await producer.send_and_wait(scene.topic, post.value, post.key)
                        place = Place(incarnation, sent.partition, sent.offset)
                        own[place] = post
                    if number % 3 == 2:
                        await producer.abort_transaction()
                    else:
                        await producer.commit_transaction()
                        scene.ledger.placed |= own
            finally:
                await producer.stop()


@dataclass(frozen=True, slots=True)
class Compaction:
    """While no worker runs, compaction leaves of each conversation little but its last post."""

    name: str = "compaction"

    async def strike(self, scene: Scene) -> None:
        members = list(scene.crew.running())
        for member in members:
            await scene.crew.stop(member)
        async with scene.feed.paused():
            committed = await scene.committed()
            await _configure(scene, COMPACTED)
            await scene.feed.send(UNREAD)

            async def compacted() -> bool:
                await scene.feed.send(10)  # a segment is closed by a record that comes after it
                scene.ledger.deleted |= {
                    place
                    for place in set(scene.ledger.placed) - await _present(scene)
                    if place.offset >= committed.get(place.partition, 0)
                }
                return len(scene.ledger.deleted) > 0

            if not await scene.until(compacted, EFFECT_WITHIN_S):
                raise TimeoutError("Kafka compacted nothing")
            await _configure(scene, {"cleanup.policy": "delete"})
            scene.ledger.deleted |= {
                place
                for place in set(scene.ledger.placed) - await _present(scene)
                if place.offset >= committed.get(place.partition, 0)
            }
        for member in members:
            scene.crew.come_back(member)


async def _configure(scene: Scene, config: dict[str, str]) -> None:
    async with scene.admin() as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, scene.topic, config)])


async def _present(scene: Scene) -> set[Place]:
    incarnation = await topic_id(scene.kafka, scene.topic)
    return {
        Place(incarnation, record.partition, record.offset)
        async for record in read_topic(scene.kafka, scene.topic)
    }
