"""Puts one program to work, on a backlog and then at a steady rate; or says why it cannot."""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import redis.asyncio

from benchmarks.peers.catalogue import Form, Peer
from benchmarks.peers.job import Job
from benchmarks.peers.latency import Latency, judged_seconds, paced_rate
from benchmarks.peers.measurement import Outcome, Reference
from benchmarks.peers.pacing import Way, paced
from benchmarks.peers.process import PeerStoppedError, in_a_line, running_peer
from benchmarks.peers.share import Share
from benchmarks.peers.watching import predictions_topic, until_done, what_was_seen, written
from benchmarks.peers.work import counts_key
from benchmarks.posts import WirePost
from benchmarks.steady import BenchmarkStoppedError
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import DeliveryError
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS, PREDICTIONS, create_topics, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from stream_app.settings import Settings
from stream_app.trial.worker_process import RESTARTS_BEFORE_READY, WorkerProcess
from stream_app.trial.workers import running_workers


async def send(settings: Settings, name: str, posts: Sequence[WirePost]) -> str:
    """Write posts to a new topic that is set up as `posts` is; its full name."""
    kafka, topic = settings.kafka_connection(), settings.topic(name)
    of_a_worker = voxpop_topics(settings.topic_prefix)
    like = next(spec for spec in of_a_worker if spec.name == settings.topic(POSTS))
    await create_topics(kafka, [replace(like, name=topic)])
    async with PostProducer(kafka, topic=topic) as producer:
        for each in posts:
            await producer.send_raw(each.key, each.value)
    return topic


async def measure_voxpop(settings: Settings, posts: Share, folder: Path) -> Outcome:
    """The rate of one worker of Voxpop; its latencies are for `pace_voxpop`."""
    kafka, predictions = settings.kafka_connection(), settings.topic(PREDICTIONS)
    await predictions_topic(kafka, predictions)
    await create_topics(kafka, voxpop_topics(settings.topic_prefix))
    await send(settings, POSTS, posts.backlog)
    start = min(each.post.created_at for each in posts.backlog)
    end = max(each.post.created_at for each in posts.backlog) + 1
    async with settings.redis_connection().open() as client:
        reader = TrendReader(client, TrendLayout(settings.namespace()))

        async def counted() -> int:
            series = [await reader.trends(track, start, end, "1d") for track in posts.tracks]
            return sum(each.total.posts for each in series)

        async with running_workers(settings, 1, folder) as workers:
            done = until_done(
                counted,
                partial(written, kafka, predictions),
                len(posts.backlog),
                partial(_require_steady, workers[0]),
            )
            return await _rate(done, kafka, predictions, len(posts.backlog))


async def pace_voxpop(
    settings: Settings,
    posts: Share,
    outcome: Outcome,
    rates: Iterable[float],
    seconds: float,
    folder: Path,
) -> Reference:
    """One worker of Voxpop at each steady rate in turn, first at half of its own.

    A worker started anew on what `measure_voxpop` left, so that none idles beside the peers. It is
    judged once it is warm again: posts came for `seconds`, and all of them have a prediction.

    Args:
        settings: as for `measure_voxpop`.
        posts: likewise.
        outcome: of `measure_voxpop`.
        rates: posts a second.
        seconds: see `judged_seconds`.
        folder: not that of `measure_voxpop`.
    """
    found: dict[float, Latency] = {}
    if outcome.rate is None:
        return Reference(outcome, found)
    own = paced_rate(outcome.rate)
    following = posts.following()
    async with running_workers(settings, 1, folder) as workers:
        way = Way(
            settings.kafka_connection(),
            settings.topic(POSTS),
            settings.topic(PREDICTIONS),
            partial(_require_steady, workers[0]),
        )
        rate = own
        try:
            await paced(way, following, rate, seconds)
            for rate in dict.fromkeys([own, *rates]):
                found[rate] = await paced(way, following, rate, judged_seconds(rate, seconds))
        except (PeerStoppedError, DeliveryError) as error:
            return Reference(outcome, found, _at(rate, error))
    return Reference(outcome, found)


async def measure_peer(
    peer: Peer,
    form: Form,
    settings: Settings,
    posts: Share,
    seconds: float,
    packages: Path | None,
    folder: Path,
) -> Outcome:
    """One process of a peer with a group and topics of its own: its rate, then its latency."""
    name = f"{peer.name}-{form}"
    own = settings.model_copy(
        update={"group": settings.topic(name), "data_dir": folder / name / "data"}
    )
    kafka, predictions = settings.kafka_connection(), settings.topic(f"{PREDICTIONS}.{name}")
    await predictions_topic(kafka, predictions)
    topic = await send(settings, f"{POSTS}.{name}", posts.backlog)
    job = Job(own, form, topic, predictions, f"{settings.topic(name)}:", packages)
    async with settings.redis_connection().open() as client:
        with running_peer(peer.name, job, folder / name) as process:
            done = until_done(
                partial(_counted, client, job, posts.tracks),
                partial(written, kafka, predictions),
                len(posts.backlog),
                process.require_alive,
            )
            outcome = await _rate(done, kafka, predictions, len(posts.backlog))
            if outcome.rate is None:
                return outcome
            rate = paced_rate(outcome.rate)
            way = Way(kafka, topic, predictions, process.require_alive)
            try:
                latency = await paced(way, posts.following(), rate, judged_seconds(rate, seconds))
            except (PeerStoppedError, DeliveryError) as error:
                return replace(outcome, failure=_at(rate, error))
            return replace(outcome, latency=latency)


async def _rate(
    done: Awaitable[None], kafka: KafkaConnection, predictions: str, total: int
) -> Outcome:
    try:
        await done
        seen = await what_was_seen(kafka, predictions, total)
    except (PeerStoppedError, BenchmarkStoppedError) as error:
        return Outcome(failure=str(error))
    return Outcome(seen.rate, seen.window_posts)


def _at(rate: float, error: Exception) -> str:
    return f"at {rate:,.1f} posts/s: {error}"


async def _counted(client: redis.asyncio.Redis, job: Job, tracks: Sequence[str]) -> int:
    values = [await client.hget(counts_key(job, track), "posts") for track in tracks]
    return sum(int(value or 0) for value in values)


def _require_steady(worker: WorkerProcess) -> None:
    if worker.restarts >= RESTARTS_BEFORE_READY:
        raise PeerStoppedError(f"the worker keeps ending: {in_a_line(worker.log)}")
