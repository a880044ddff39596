"""One run of the demonstration: topics, worker, scenario, drain, judgement.

Not for the servers: the command starts and ends those around it.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from connectors.alerts.policy import quick_policy
from connectors.alerts.spans import TrendSpans
from connectors.alerts.topic import AlertTopic
from connectors.alerts.watch import AlertWatch, Watched
from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import ALERTS, create_topics, topic_id, voxpop_topics
from connectors.trends.layout import TrendLayout
from connectors.trends.reader import TrendReader
from deploy.local.processes import LOCALHOST
from deploy.local.progress import Progress
from stream_app.demo.features import TextFeatures
from stream_app.demo.outcomes import Outcomes, follow
from stream_app.demo.phrases import TOPICS, all_texts
from stream_app.demo.player import Player
from stream_app.demo.report import Report
from stream_app.demo.scenario import Scenario
from stream_app.demo.state import Gatherer, Moment
from stream_app.post_words import post_words
from stream_app.settings import Settings
from stream_app.trial.latency import SentPost, Visibility, watch_fences
from stream_app.trial.percentiles import percentiles
from stream_app.trial.tally import SentCounts, judge, read_counts, suited_width
from stream_app.trial.worker_process import WorkerProcess, worker_environment

TRACKS: Final = [topic.track for topic in TOPICS]
SEED: Final = 7
SWING_S: Final = 60.0
SHOW_EVERY_S: Final = 0.5
READY_WITHIN_S: Final = 120.0
NO_PROGRESS_S: Final = 60.0
DRAIN_CHECK_S: Final = 0.1
CANCEL_AGAIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person chose.

    Attributes:
        seconds: how long to play; None until stopped.
        rate: posts a second.
    """

    seconds: float | None
    rate: float


class DemoRun:
    """A run on servers that are there.

    Args:
        settings: with a topic prefix that nobody else uses.
        options: what a person chose.
        folder: for the worker and its log.
        progress: told what is being prepared.
        show: called twice a second with the moment.

    Attributes:
        worker: the worker of the run.
        is_playing: False while things are being prepared.
    """

    def __init__(
        self,
        settings: Settings,
        options: RunOptions,
        folder: Path,
        progress: Progress,
        show: Callable[[Moment], None],
    ) -> None:
        self.is_playing = False
        # nobody's texts are kept: they are made up
        settings = settings.model_copy(update={"text_retention_days": 1.0})
        self._settings = settings
        self._options = options
        self._progress = progress
        self._show = show
        self._kafka = settings.kafka_connection()
        self._redis = settings.redis_connection().open()
        self._layout = TrendLayout(settings.namespace())
        self._reader = TrendReader(self._redis, self._layout)
        self._outcomes = Outcomes()
        self._visibility = Visibility()
        self._sent = SentCounts()
        self._server = ApiServer(_open_to_all(settings), LOCALHOST, 0)
        self.worker = WorkerProcess(worker_environment(_variables(settings)), folder)

    async def play(self, stop: asyncio.Event) -> Report:
        """Prepare, play until the time is over or `stop` is set, drain and judge.

        Raises:
            WorkerFailedError: the worker does not start.
            KafkaConnectorError, RedisError: a server is gone; in a group with others.
        """
        topics = voxpop_topics(
            self._settings.topic_prefix, post_max_bytes=self._settings.post_max_bytes
        )
        await create_topics(self._kafka, topics)
        self.worker.start()
        try:
            player = await self._prepare()
            self.is_playing = True
            began = time.time()
            async with self._watched(player) as gatherer:
                await self._send(player, stop)
                await self._drain(player)
                ended = time.time()
                self._show(await gatherer.moment())
            return await self._judge(player, began, ended)
        finally:
            self.worker.stop()
            await self._redis.aclose()

    async def _prepare(self) -> Player:
        features = await asyncio.to_thread(self._features)
        self._progress("Starting worker", 0, 1)
        async with _background(self.worker.supervise()):
            group = self._settings.topic(self._settings.group)
            await self.worker.wait_until_ready(self._kafka, group, READY_WITHIN_S)
        self._progress("Starting worker", 1, 1)
        seconds = self._options.seconds
        return Player(
            Scenario(SEED, min((seconds or math.inf) / 2, SWING_S), f"demo{time.time_ns():x}"),
            features,
            rate=self._options.rate,
            post_max_bytes=self._settings.post_max_bytes,
            delivered=self._delivered,
        )

    def _features(self) -> TextFeatures:
        from models.text_encoder import load_text_encoder  # noqa: PLC0415 - seconds, beside the worker

        texts = all_texts()
        self._progress("Encoding texts", 0, len(texts))
        features = TextFeatures(load_text_encoder(self._settings.model))
        features.prepare(texts, lambda done: self._progress("Encoding texts", done, len(texts)))
        return features

    def _delivered(self, post: SentPost) -> None:
        self._visibility.delivered(post)
        self._sent.add(post)

    @contextlib.asynccontextmanager
    async def _watched(self, player: Player) -> AsyncIterator[Gatherer]:
        """With everything that goes on beside the playing."""
        settings = self._settings
        source = (
            f"{settings.topic('posts')}@{await topic_id(self._kafka, settings.topic('posts'))}:"
        )
        fences = watch_fences(self._redis, self._layout, TRACKS, source, self._visibility)
        written = follow(
            self._kafka, settings.topic("predictions"), settings.topic("posts.dlq"), self._outcomes
        )
        gatherer = Gatherer(
            player,
            self._outcomes,
            self._visibility,
            self.worker,
            self._reader,
            TRACKS,
            self._server.url,
        )
        beside = (fences, written, self.worker.supervise(), self._show_all(gatherer))
        async with (
            self._server.beside(),
            _background(*beside, self._watch_alerts(gatherer)),
        ):
            yield gatherer

    async def _watch_alerts(self, gatherer: Gatherer) -> None:
        """Raise alerts as a watch of its own would, from the first minute on."""
        topic = AlertTopic(self._kafka, self._settings.topic(ALERTS))
        async with topic:
            spans = TrendSpans(self._reader)
            namespace = self._settings.namespace()
            watched = Watched(
                self._redis,
                namespace,
                topic,
                spans=spans,
                words=post_words(self._settings, self._redis),
                tell=lambda alert: gatherer.alerts.append(alert.summary),
            )
            await AlertWatch(watched, quick_policy(least_blocks=1)).run()

    async def _show_all(self, gatherer: Gatherer) -> None:
        while True:
            self._show(await gatherer.moment())
            await asyncio.sleep(SHOW_EVERY_S)

    async def _send(self, player: Player, stop: asyncio.Event) -> None:
        seconds = self._options.seconds or math.inf
        topic = self._settings.topic("posts")
        limit = self._settings.post_max_bytes
        async with PostProducer(self._kafka, topic=topic, post_max_bytes=limit) as producer:
            await player.play(producer, seconds, stop)

    async def _drain(self, player: Player) -> None:
        """Wait until every post is accounted for, or nothing has moved for a minute."""
        last = (-1, -1, -1)
        deadline = time.monotonic() + NO_PROGRESS_S
        while time.monotonic() < deadline:
            outcomes = self._outcomes
            found = (self._visibility.waiting(), outcomes.scored, outcomes.dead_lettered)
            if found == (0, player.valid, player.broken.total()):
                return
            if found != last:
                last, deadline = found, time.monotonic() + NO_PROGRESS_S
            await asyncio.sleep(DRAIN_CHECK_S)

    async def _judge(self, player: Player, began: float, ended: float) -> Report:
        width = suited_width(ended - began)
        found = await read_counts(self._reader, TRACKS, began, ended + width.seconds, width)
        judgement = judge(self._sent.at(width), found)
        return Report(
            posts_sent=player.sent,
            posts_valid=player.valid,
            posts_scored=self._outcomes.scored,
            posts_dead_lettered=self._outcomes.dead_lettered,
            posts_counted=judgement.counted,
            lost=judgement.lost,
            double_counted=judgement.double_counted,
            posts_per_s=round(player.valid / (ended - began), 1),
            latency_ms=percentiles(self._visibility.latencies_ms),
            worker_restarts=self.worker.restarts,
        )


@contextlib.asynccontextmanager
async def _background(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run coroutines beside the body; they end with it, and their failure ends the body."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        try:
            yield
        finally:
            await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they have ended: a client that is waiting for its server may swallow one."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


def _variables(settings: Settings) -> dict[str, str]:
    """The settings that differ from this process's environment."""
    return {
        "VOXPOP_KAFKA": settings.kafka,
        "VOXPOP_REDIS": settings.redis.get_secret_value(),
        "VOXPOP_TOPIC_PREFIX": settings.topic_prefix,
        "VOXPOP_DATA_DIR": str(settings.data_dir),
        "VOXPOP_TEXT_RETENTION_DAYS": str(settings.text_retention_days),
    }


def _open_to_all(settings: Settings) -> ApiOptions:
    """A server for whoever sits at this machine, whatever the environment says of tokens."""
    return replace(settings.api_options(), tokens=(), requests_per_s=None)
