"""A pipeline under test: its own topics, real workers, posts, and an independent count."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.groups import EXTRACTORS
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import create_topics, voxpop_topics
from connectors.redis_connection import RedisConnection
from connectors.schemas.tensors import encode_tensor
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from stream_app.trial.worker_process import WorkerProcess, worker_environment

READY_WITHIN_S = 60
EFFECT_WITHIN_S = 100
TRACKS = ("acme", "globex", "initech")


class PipelineUnderTest:
    """Topics with a prefix of their own and the workers of one test."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = {**environment, "VOXPOP_SESSION_TIMEOUT_S": "6"}
        self.prefix = environment["VOXPOP_TOPIC_PREFIX"]
        self.kafka = KafkaConnection(environment["VOXPOP_KAFKA"])
        self.redis = RedisConnection(environment["VOXPOP_REDIS"])
        self.group = self.prefix + environment["VOXPOP_GROUP"]
        self.sent: Counter[str] = Counter()
        self._folder = folder
        self._workers: list[WorkerProcess] = []
        self._began = time.time()

    async def create_topics(self) -> None:
        await create_topics(self.kafka, voxpop_topics(self.prefix, partitions=4))

    def worker(self, name: str, role: str = "score") -> WorkerProcess:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        environment = worker_environment(
            {
                **self.environment,
                "VOXPOP_DATA_DIR": str(folder / "data"),
                "VOXPOP_ROLE": role,
            }
        )
        worker = WorkerProcess(environment, folder)
        self._workers.append(worker)
        worker.start()
        return worker

    async def ready_worker(self, name: str) -> WorkerProcess:
        worker = self.worker(name)
        await self.until_ready(worker)
        return worker

    async def until_ready(self, worker: WorkerProcess) -> None:
        await worker.wait_until_ready(self.kafka, self.group, READY_WITHIN_S)

    async def ready_extractor(self, name: str) -> WorkerProcess:
        """A worker that makes features of `posts.raw`."""
        worker = self.worker(name, "extract")
        await worker.wait_until_ready(self.kafka, self.group + EXTRACTORS, READY_WITHIN_S)
        return worker

    async def members(self) -> int:
        """Workers that the consumer group has partitions for."""
        admin = AIOKafkaAdminClient(**self.kafka.client_options())
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([self.group])
        finally:
            await admin.close()
        ((_, _, state, _, _, members, *_),) = answer.groups
        return len(members) if state == "Stable" else 0

    async def send(self, posts: int, per_s: float, first: int = 0) -> None:
        """Send valid posts at a steady rate: 20 conversations, each with a track or two."""
        began = time.monotonic()
        async with PostProducer(self.kafka, topic=self.prefix + "posts") as producer:
            for turn, number in enumerate(range(first, first + posts)):
                post = make_post(number)
                await producer.send(post)
                self.sent.update(post["tracks"])
                await asyncio.sleep(began + (turn + 1) / per_s - time.monotonic())

    async def counted(self) -> Counter[str]:
        """Posts of each track, by Redis."""
        async with self.redis.open() as client:
            reader = TrendReader(client, TrendLayout(f"{self.prefix}voxpop"))
            span = (self._began - 3600, time.time() + 3600)
            return Counter(
                {
                    track: (await reader.trends(track, *span, "1m")).total.posts
                    for track in await reader.tracks()
                }
            )

    async def until_counted(self) -> None:
        """Wait until no track has less than was sent to it."""

        async def enough() -> bool:
            return self.sent <= await self.counted()

        await until(enough)

    async def until_counted_some(self) -> None:
        """Wait until every track has a post."""

        async def some() -> bool:
            return (await self.counted()).keys() == set(TRACKS)

        await until(some)

    async def outcome_positions(self, topic: str) -> Sequence[tuple[bytes | None, bytes | None]]:
        """Keys and values of a topic, as they stand."""
        records = read_topic(self.kafka, self.prefix + topic)
        return [(record.key, record.value) async for record in records]

    async def voxpop(self, *arguments: str) -> tuple[int, str]:
        """Run the command line; returns its exit code and all it said."""
        command = Path(sys.executable).with_name("voxpop")
        child = await asyncio.create_subprocess_exec(
            command,
            *arguments,
            env=worker_environment(self.environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        return child.returncode or 0, output.decode()

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()


@asynccontextmanager
async def pipeline(
    environment: Mapping[str, str], folder: Path
) -> AsyncIterator[PipelineUnderTest]:
    """A pipeline with its topics made; its workers end with the test."""
    under_test = PipelineUnderTest(environment, folder)
    await under_test.create_topics()
    try:
        yield under_test
    finally:
        under_test.stop()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for an effect, with a deadline."""
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while not await holds():
            await asyncio.sleep(0.2)


def make_post(number: int) -> dict[str, Any]:
    """A valid post of one of 20 conversations."""
    conversation = f"c{number % 20}"
    features = [[(number * 7 + i) % 13 / 13 for i in range(384)]] * 2
    return {
        "schema_version": 1,
        "post_id": f"p{number}",
        "conversation_id": conversation,
        "platform": "test",
        "lang": "en",
        "created_at": time.time(),
        "tracks": list(TRACKS[: 1 + number % 3]),
        "feature_set": "default@1",
        "features": {"text": encode_tensor(features), "audio": None, "visual": None},
    }
