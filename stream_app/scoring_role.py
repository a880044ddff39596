"""Wires the parts of a worker that scores posts.

Not for what a batch goes through: `scoring`, `decider` and `effects` do that.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import redis.asyncio

from connectors.conversations.store import PartitionStore
from connectors.exemplars.store import ExemplarStore
from connectors.kafka.rights import Role as KafkaRole
from connectors.kafka.topics import DEAD_LETTERS, POSTS, PREDICTIONS
from connectors.schemas.post import DecodedPost
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from models.errors import ModelError
from stream_app.affinity import keep_apart
from stream_app.batch import Decoder, Item
from stream_app.core.batching import MicroBatcher
from stream_app.core.scoring import Scorer, canary_features
from stream_app.core.shedding import Shedding
from stream_app.core.windows import WINDOWS_HELD, Windows
from stream_app.decider import Decider
from stream_app.decisions import ScoredBatch
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode, leave
from stream_app.faust_settings import REQUEST_TIMEOUT_S
from stream_app.health import SERVERS, Server
from stream_app.inference.process import EngineProcess
from stream_app.metrics import Metrics
from stream_app.outputs import Outputs
from stream_app.requirements import require_redis
from stream_app.role import Shared
from stream_app.scoring import Scoring
from stream_app.settings import Settings
from stream_app.worker import Worker

log = logging.getLogger(__name__)

KEPT_KIND: Final = "StreamEngine"  # of engines, the one that computes with one thread by itself

DAY_S = 24 * 60 * 60
LOOK_EVERY_S: Final = 0.5


class ScoringRole:
    """Posts of `posts` become predictions and counts; see `Role`.

    Args:
        settings: of this process.
        metrics: told of the model, and of what Redis refuses.
    """

    source: Final = POSTS
    rights: Final[KafkaRole] = "worker"
    servers: Final[Sequence[Server]] = SERVERS

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoding")
        self._engine: EngineProcess | None = None
        self._watching: asyncio.Task[None] | None = None
        self._outputs = Outputs(
            settings.kafka_connection(),
            predictions_topic=settings.topic(PREDICTIONS),
            dead_letters_topic=settings.topic(DEAD_LETTERS),
            delivery_timeout_s=REQUEST_TIMEOUT_S,
        )
        self._redis = settings.redis_connection().open(one_run=True, on_error=metrics.redis_failed)

    @property
    def redis(self) -> redis.asyncio.Redis:
        """Holds counts, windows and fixed results."""
        return self._redis

    async def require(self) -> None:
        """Check Redis and what it lets a worker do."""
        await require_redis(self._settings.redis_connection(), self._settings.namespace())

    async def start(self) -> str:
        """Load the engine and connect to the topics that are written."""
        self._engine = engine = await asyncio.get_running_loop().run_in_executor(
            self._executor, _load_engine, self._settings
        )
        self._watching = asyncio.create_task(_end_without(engine))
        _keep_on_cores(self._settings, engine)
        await self._outputs.start()
        self._tell_of(engine)
        told = (engine.version, engine.feature_set, engine.device)
        log.info("model %s scores posts of %s on %s", *told)
        if self._settings.shed > 1:
            log.warning("one conversation in %d is scored (VOXPOP_SHED)", self._settings.shed)
        return engine.version

    def _tell_of(self, engine: EngineProcess) -> None:
        self._metrics.model(engine.kind, engine.version, engine.feature_set)
        self._metrics.model_process(engine.pid)
        if engine.state_bytes is not None:
            self._metrics.hot_store(engine.state_bytes, lambda: engine.kept)

    def worker(self, shared: Shared) -> Worker[DecodedPost, ScoredBatch]:
        """The worker of this process.

        Raises:
            RuntimeError: the engine was not loaded.
        """
        engine, settings, metrics = self._engine, shared.settings, shared.metrics
        if engine is None:
            raise RuntimeError("the engine has not been loaded")
        windows = Windows(settings.window, engine.stamp, WINDOWS_HELD)
        store = PartitionStore(
            self._redis,
            namespace=settings.namespace(),
            window=settings.window,
            idle_s=int(settings.window_idle_days * DAY_S),
        )
        shedding = Shedding(settings.shed, salt=shared.topic)
        one_in = float(shedding.one_in)
        decider = Decider(
            scorer=Scorer(engine, windows, canary_features(engine.feature_set)),
            windows=windows,
            model_version=engine.version,
            authors=settings.authors(),
            stands_for=shedding.one_in,
            store=store,
            membership=shared.membership,
            executor=self._executor,
            encoder=self._encoder,
            metrics=metrics,
        )
        batcher = MicroBatcher[Item[DecodedPost]](settings.batch_max, settings.batch_wait_ms / 1000)
        metrics.watch("windows_held", "Conversations whose window is held", windows.__len__)
        metrics.watch(
            "sampled_one_in", "Conversations of which one is scored; 1: all", lambda: one_in
        )
        return Worker(
            topic=shared.topic,
            broker=shared.broker,
            work=Scoring(
                Decoder(engine.feature_set, settings.post_max_bytes, shedding),
                decider,
                self._effects(shared, store),
                store,
            ),
            metrics=metrics,
            batcher=batcher,
            session_timeout_s=settings.session_timeout_s,
            hang_limit_s=settings.session_timeout_s,
        )

    def _effects(self, shared: Shared, store: PartitionStore) -> Effects:
        settings = shared.settings
        layout = TrendLayout(settings.namespace())
        return Effects(
            store=store,
            outputs=self._outputs,
            trends=TrendSink(self._redis, layout),
            exemplars=ExemplarStore(self._redis, layout, settings.text_retention_days * DAY_S),
            membership=shared.membership,
            metrics=shared.metrics,
        )

    async def stop(self) -> None:
        """Close connections."""
        if self._watching is not None:
            self._watching.cancel()
        await self._outputs.stop()
        await self._redis.aclose()
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)


def _load_engine(settings: Settings) -> EngineProcess:
    try:
        return EngineProcess(settings)
    except ModelError as error:
        raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error
    except OSError as error:
        why = f"the process of the model cannot be started: {error}"
        raise CannotGoOn(ExitCode.NOT_READY, why) from error


def _keep_on_cores(settings: Settings, engine: EngineProcess) -> None:
    """Keep worker and model on cores of their own if that is wanted and one is enough for each."""
    if settings.affinity == "free":
        return
    if engine.device == "cpu" and engine.kind == KEPT_KIND and (settings.threads or 1) == 1:
        keep_apart(engine.pid)
    else:
        log.warning(
            "VOXPOP_AFFINITY=apart has no effect: it is for `stream` on a CPU with one thread"
        )


async def _end_without(engine: EngineProcess) -> None:
    """End the worker when its model does: without posts it would learn of it at the next one."""
    while (why := engine.gone()) is None:  # noqa: ASYNC110 - a process that ends sets no event
        await asyncio.sleep(LOOK_EVERY_S)
    leave(ExitCode.MODEL_BROKEN, why)
