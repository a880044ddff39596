"""Puts one program to work on a backlog and takes its rate, or the reason why there is none."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import redis.asyncio

from benchmarks.peers.catalogue import Form, Peer
from benchmarks.peers.figures import Outcome
from benchmarks.peers.job import Job
from benchmarks.peers.process import PeerStoppedError, in_a_line, running_peer
from benchmarks.peers.watching import predictions_topic, until_done, what_was_seen, written
from benchmarks.peers.work import counts_key
from benchmarks.posts import WirePost
from benchmarks.steady import BenchmarkStoppedError
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from stream_app.settings import Settings
from stream_app.trial.worker_process import RESTARTS_BEFORE_READY, WorkerProcess
from stream_app.trial.workers import running_workers


@dataclass(frozen=True, slots=True)
class Backlog:
    """Posts that lie in a topic."""

    topic: str
    posts: Sequence[WirePost]

    @property
    def tracks(self) -> list[str]:
        """Tracks of the posts; each post has one."""
        return sorted({track for each in self.posts for track in each.post.tracks})


async def send(settings: Settings, name: str, posts: Sequence[WirePost]) -> Backlog:
    """Write posts to a new topic that is set up as `posts` is."""
    kafka, topic = settings.kafka_connection(), settings.topic(name)
    of_a_worker = voxpop_topics(settings.topic_prefix)
    like = next(spec for spec in of_a_worker if spec.name == settings.topic(POSTS))
    await create_topics(kafka, [replace(like, name=topic)])
    async with PostProducer(kafka, topic=topic) as producer:
        for each in posts:
            await producer.send_raw(each.key, each.value)
    return Backlog(topic, posts)


async def measure_voxpop(settings: Settings, backlog: Backlog, folder: Path) -> Outcome:
    """One worker of Voxpop, of its own topics."""
    kafka, predictions = settings.kafka_connection(), settings.topic(PREDICTIONS)
    await predictions_topic(kafka, predictions)
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    start = min(each.post.created_at for each in backlog.posts)
    end = max(each.post.created_at for each in backlog.posts) + 1
    async with settings.redis_connection().open() as client:
        reader = TrendReader(client, TrendLayout(settings.namespace()))

        async def counted() -> int:
            series = [await reader.trends(track, start, end, "1d") for track in backlog.tracks]
            return sum(each.total.posts for each in series)

        async with running_workers(settings, 1, folder) as workers:
            done = until_done(
                counted,
                partial(written, kafka, predictions),
                len(backlog.posts),
                partial(_require_steady, workers[0]),
            )
            return await _outcome(done, kafka, predictions, len(backlog.posts))


async def measure_peer(
    peer: Peer,
    form: Form,
    settings: Settings,
    backlog: Backlog,
    packages: Path | None,
    folder: Path,
) -> Outcome:
    """One process of a peer, in a group and with a topic of predictions of its own."""
    name = f"{peer.name}-{form}"
    own = settings.model_copy(
        update={"group": settings.topic(name), "data_dir": folder / name / "data"}
    )
    predictions = settings.topic(f"{PREDICTIONS}.{name}")
    job = Job(own, form, backlog.topic, predictions, f"{settings.topic(name)}:", packages)
    kafka = settings.kafka_connection()
    await predictions_topic(kafka, predictions)
    async with settings.redis_connection().open() as client:
        with running_peer(peer.name, job, folder / name) as process:
            done = until_done(
                partial(_counted, client, job, backlog.tracks),
                partial(written, kafka, predictions),
                len(backlog.posts),
                process.require_alive,
            )
            return await _outcome(done, kafka, predictions, len(backlog.posts))


async def _outcome(
    done: Awaitable[None], kafka: KafkaConnection, predictions: str, total: int
) -> Outcome:
    try:
        await done
        seen = await what_was_seen(kafka, predictions, total)
    except (PeerStoppedError, BenchmarkStoppedError) as error:
        return Outcome(None, None, str(error))
    return Outcome(seen.rate, seen.window_posts, None)


async def _counted(client: redis.asyncio.Redis, job: Job, tracks: Sequence[str]) -> int:
    values = [await client.hget(counts_key(job, track), "posts") for track in tracks]
    return sum(int(value or 0) for value in values)


def _require_steady(worker: WorkerProcess) -> None:
    if worker.restarts >= RESTARTS_BEFORE_READY:
        raise PeerStoppedError(f"the worker keeps ending: {in_a_line(worker.log)}")
