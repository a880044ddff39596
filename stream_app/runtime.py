"""Builds a worker from the settings, checks what it needs, and starts and stops its parts.

The one place that wires the rooms together for `faust worker`.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import faust
import redis.exceptions

from connectors.conversations.store import PartitionStore
from connectors.exemplars.store import ExemplarStore
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError, NotAllowedError
from connectors.kafka.metadata import describe_topics
from connectors.kafka.rights import missing_for_group, missing_for_topics
from connectors.redis_connection import RedisConnection
from connectors.redis_problems import redis_problem
from connectors.redis_rights import missing_for_worker
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from models.errors import CheckpointError, ModelError
from stream_app.batch import Decoder, Item
from stream_app.core.batching import MicroBatcher
from stream_app.core.scoring import Scorer, canary_features
from stream_app.core.windows import Windows
from stream_app.decider import Decider
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.faust_broker import FaustBroker
from stream_app.faust_settings import REQUEST_TIMEOUT_S, refuse_what_cannot_be_guaranteed
from stream_app.health import Health
from stream_app.membership import SAFE_PART_OF_SESSION, Membership
from stream_app.metrics import Metrics
from stream_app.outputs import Outputs
from stream_app.probes import Probes
from stream_app.settings import Settings
from stream_app.status_server import StatusServer
from stream_app.watchdog import TICK_S, Watchdog
from stream_app.worker import Worker

if TYPE_CHECKING:
    from models.engine import Engine

log = logging.getLogger(__name__)

WINDOWS_HELD = 20_000  # at most 0.8 GB
DAY_S = 24 * 60 * 60
WORKER_TOPICS = ("posts", "predictions", "posts.dlq")


class Runtime:
    """The parts of one worker process.

    Args:
        settings: of this process.
        app: the Faust app that runs it.
        watchdog: started once the worker is ready.
    """

    def __init__(self, settings: Settings, app: faust.App, watchdog: Watchdog) -> None:
        self._settings = settings
        self._app = app
        self._watchdog = watchdog
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._metrics = Metrics()
        self.health = Health()
        self._kafka = settings.kafka_connection()
        self._outputs = Outputs(
            self._kafka,
            predictions_topic=settings.topic("predictions"),
            dead_letters_topic=settings.topic("posts.dlq"),
            delivery_timeout_s=REQUEST_TIMEOUT_S,
        )
        self._redis = settings.redis_connection().open(
            one_run=True, on_error=self._metrics.redis_failed
        )
        self._worker: Worker | None = None
        self._probes: Probes | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def worker(self) -> Worker:
        """The worker, once started.

        Raises:
            RuntimeError: it was not started.
        """
        if self._worker is None:
            raise RuntimeError("the worker has not been started")
        return self._worker

    async def start(self) -> None:
        """Check what the worker needs and start it.

        Raises:
            CannotGoOn: something is missing; says what and what to do.
        """
        settings = self._settings
        refuse_what_cannot_be_guaranteed(self._app.conf, settings)
        await require_topics(self._kafka, settings.topic_prefix, settings.topic(settings.group))
        await require_redis(settings.redis_connection(), settings.namespace())
        self._serve_status()
        engine = await asyncio.to_thread(_load_engine, settings)
        await self._outputs.start()
        self._worker = self._build(engine)
        self._metrics.model(engine, engine.version, engine.feature_set)
        self.health.model_loaded(engine.version)
        self._watchdog.start()
        self._tasks = [asyncio.create_task(self._tick())]
        told = (engine.version, engine.feature_set, engine.device)
        log.info("model %s scores posts of %s on %s", *told)

    async def probe(self) -> None:
        """Look how the worker gets on, until cancelled.

        Raises:
            ServerChangedError: another run of Redis answers.
            RuntimeError: the worker was not started.
        """
        if self._probes is None:
            raise RuntimeError("the worker has not been started")
        await self._probes.run()

    async def drain(self) -> None:
        """Finish and commit the batch in flight, if the worker was started at all."""
        self.health.leaving()
        if self._worker is not None:
            await self._worker.shut_down()

    async def stop(self) -> None:
        """Close connections; the worker has been drained before."""
        self._watchdog.stop()
        for task in self._tasks:
            task.cancel()
        await self._outputs.stop()
        await self._redis.aclose()

    def _build(self, engine: "Engine") -> Worker:
        settings = self._settings
        topic = settings.topic("posts")
        broker = FaustBroker(self._app, self._kafka, topic, REQUEST_TIMEOUT_S / 2)
        windows = Windows(settings.window, engine.stamp, WINDOWS_HELD)
        store = PartitionStore(
            self._redis,
            namespace=settings.namespace(),
            window=settings.window,
            idle_s=int(settings.window_idle_days * DAY_S),
        )
        membership = Membership(broker, settings.session_timeout_s)
        decider = Decider(
            scorer=Scorer(engine, windows, canary_features(engine.feature_set)),
            windows=windows,
            model_version=engine.version,
            authors=settings.authors(),
            store=store,
            membership=membership,
            executor=self._executor,
            metrics=self._metrics,
        )
        layout = TrendLayout(settings.namespace())
        effects = Effects(
            store=store,
            outputs=self._outputs,
            trends=TrendSink(self._redis, layout),
            exemplars=ExemplarStore(self._redis, layout, settings.text_retention_days * DAY_S),
            membership=membership,
            metrics=self._metrics,
        )
        batcher = MicroBatcher[Item](settings.batch_max, settings.batch_wait_ms / 1000)
        worker = Worker(
            topic=topic,
            broker=broker,
            decoder=Decoder(engine.feature_set, settings.post_max_bytes),
            decider=decider,
            effects=effects,
            intents=store,
            metrics=self._metrics,
            batcher=batcher,
            session_timeout_s=settings.session_timeout_s,
        )
        self._probes = Probes(
            kafka=self._kafka,
            redis=self._redis,
            topic=topic,
            broker=broker,
            done=worker.position,
            health=self.health,
            metrics=self._metrics,
        )
        watch = self._metrics.watch
        watch("waiting_posts", "Posts decoded and not in a batch yet", batcher.__len__)
        watch("windows_held", "Conversations whose window is held", windows.__len__)
        return worker

    def _serve_status(self) -> None:
        port = self._settings.metrics_port
        if port is None:
            return
        try:
            StatusServer(self._metrics.registry, self.health).start(port)
        except OSError as error:
            raise CannotGoOn(
                ExitCode.NOT_READY,
                f"metrics and health cannot be served at port {port} ({error}); set "
                "VOXPOP_METRICS_PORT to a free one, another for each worker of a machine, or leave "
                "it unset",
            ) from error

    async def _tick(self) -> None:
        while True:
            self._watchdog.loop_ticked()
            await asyncio.sleep(TICK_S)


def watchdog_limit_s(settings: Settings) -> float:
    """Longest harmless pause of a worker, seconds."""
    return settings.session_timeout_s * SAFE_PART_OF_SESSION


async def require_topics(connection: KafkaConnection, prefix: str, group: str) -> None:
    """Raise unless the topics are there and a worker may use them.

    Raises:
        CannotGoOn: one is missing, a right is, or no broker answers.
    """
    topics = [prefix + name for name in WORKER_TOPICS]
    try:
        found = await describe_topics(connection, topics)
        if missing := [topic for topic in topics if topic not in found]:
            raise CannotGoOn(
                ExitCode.NOT_READY,
                f"topics {', '.join(missing)} are missing; make them with `voxpop topics create`",
            )
        rights = missing_for_topics("worker", found, prefix)
        rights += await missing_for_group(connection, "worker", group)
        if rights:
            raise NotAllowedError(connection.bootstrap_servers, ", ".join(rights))
    except KafkaConnectorError as error:
        raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error


async def require_redis(connection: RedisConnection, namespace: str) -> None:
    """Raise unless Redis answers and lets a worker do its work.

    Raises:
        CannotGoOn: it does not.
    """
    try:
        async with connection.open() as client:
            missing = await missing_for_worker(client, namespace)
    except redis.exceptions.RedisError as error:
        raise CannotGoOn(ExitCode.NOT_READY, redis_problem(error, connection.address)) from error
    if missing:
        raise CannotGoOn(
            ExitCode.NOT_READY,
            f"Redis at {connection.address}: the user in VOXPOP_REDIS may not "
            f"{', '.join(missing)}; docs/security.md has the rule for a worker",
        )


def _load_engine(settings: Settings) -> "Engine":
    try:
        return settings.load_engine()
    except (CheckpointError, ModelError) as error:
        raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error
