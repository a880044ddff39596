"""Runs the worker of a process: checks what it needs, and starts and stops its parts.

The one place that wires the rooms together for `faust worker`; what a role has of its own is wired
in `scoring_role` and `extraction.role`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import faust

from connectors.collector import spare_what_lasts
from stream_app.exits import CannotGoOn, ExitCode, end_within
from stream_app.extraction.role import ExtractionRole
from stream_app.faust_broker import FaustBroker
from stream_app.faust_settings import (
    REQUEST_TIMEOUT_S,
    rebalance_timeout_s,
    refuse_what_cannot_be_guaranteed,
)
from stream_app.health import Health
from stream_app.membership import SAFE_PART_OF_SESSION, Membership
from stream_app.metrics import Metrics
from stream_app.probes import Probes
from stream_app.requirements import require_topics
from stream_app.role import Role, RunningWorker, Shared
from stream_app.scoring_role import ScoringRole
from stream_app.settings import Settings
from stream_app.status_server import StatusServer
from stream_app.watchdog import TICK_S, Watchdog

CLOSE_WITHIN_S: Final = 4.0  # with `LONGEST_STOP_S` before it, a stop takes less than 10
ROLES: Final[Mapping[str, Callable[[Settings, Metrics], Role]]] = {
    "score": ScoringRole,
    "extract": ExtractionRole,
}


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
        self._metrics = Metrics()
        self._role = ROLES[settings.role](settings, self._metrics)
        self.topic = settings.topic(self._role.source)
        self.health = Health(self._role.servers, rebalance_timeout_s(settings))
        self._kafka = settings.kafka_connection()
        self._worker: RunningWorker | None = None
        self._probes: Probes | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def worker(self) -> RunningWorker:
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
        settings, role = self._settings, self._role
        refuse_what_cannot_be_guaranteed(self._app.conf, settings)
        group = settings.topic(settings.group)
        await require_topics(self._kafka, role.rights, settings.topic_prefix, group)
        await role.require()
        self._serve_status()
        version = await role.start()
        self._worker = self._build()
        spare_what_lasts()
        self.health.model_loaded(version)
        self._watchdog.start()
        self._tasks = [asyncio.create_task(self._tick())]

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
        """Finish and commit the batch in flight, if the worker was started at all.

        What Faust does then is bounded too: it would wait for a broker that does not answer.
        """
        self.health.leaving()
        if self._worker is not None:
            await self._worker.shut_down()
        end_within(CLOSE_WITHIN_S, ExitCode.FAULT if self._app.crashed else 0)

    async def stop(self) -> None:
        """Close connections; the worker has been drained before."""
        self._watchdog.stop()
        for task in self._tasks:
            task.cancel()
        await self._role.stop()

    def _build(self) -> RunningWorker:
        broker = FaustBroker(self._app, self._kafka, self.topic, REQUEST_TIMEOUT_S / 2)
        membership = Membership(broker, self._settings.session_timeout_s)
        worker = self._role.worker(
            Shared(self._settings, self.topic, broker, membership, self._metrics)
        )
        self._probes = Probes(
            kafka=self._kafka,
            redis=self._role.redis,
            topic=self.topic,
            broker=broker,
            done=worker.position,
            held_back=worker.held_back,
            health=self.health,
            metrics=self._metrics,
        )
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
