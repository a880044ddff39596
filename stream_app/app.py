"""The Faust application: `faust -A stream_app.app worker -l info`.

Thin on purpose: Faust's callbacks on one side, the worker on the other. An exception that the
worker did not settle ends the process, since Faust would neither redeliver nor stop.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import faust
import uvloop
from faust.app.base import BootStrategy
from pydantic import ValidationError

from connectors.kafka.errors import ConnectionSettingsError
from connectors.redis_connection import RedisSettingsError
from stream_app.batched_consumer import BatchedConsumer
from stream_app.core.record import Record
from stream_app.exits import CannotGoOn, ExitCode, leave
from stream_app.faust_settings import faust_options
from stream_app.runtime import Runtime, watchdog_limit_s
from stream_app.settings import Settings, settings_problem
from stream_app.watchdog import Watchdog

log = logging.getLogger(__name__)

TEND_EVERY_S = 1.0
SWITCH_S = 0.0001  # Python's 0.005 makes a thread that has an answer wait that long to go on


class _WithoutWeb(BootStrategy):  # type: ignore[misc]  # Faust ships no usable types
    """`faust worker` turns Faust's web server on whatever the app says: two workers would clash."""

    enable_web = False


class VoxpopApp(faust.App):  # type: ignore[misc]  # see above
    """A Faust app that starts its worker before the consumer, and stops it after."""

    BootStrategy = _WithoutWeb
    runtime: Runtime

    def _new_transport(self) -> Any:
        transport = super()._new_transport()
        transport.Consumer = BatchedConsumer
        return transport

    async def on_start(self) -> None:
        """Start the worker; whatever is missing ends the process with its reason."""
        await super().on_start()
        try:
            await self.runtime.start()
        except CannotGoOn as end:
            leave(end.code, end.why)

    async def on_stop(self) -> None:
        """Stop the consumer, then the worker."""
        await super().on_stop()
        await self.runtime.stop()


def create_app(settings: Settings) -> VoxpopApp:
    """The app of one worker process, whose loops and threads are set up for it from now on."""
    sys.setswitchinterval(SWITCH_S)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = VoxpopApp(settings.consumer_group(), **faust_options(settings))
    app.runtime = Runtime(settings, app, Watchdog(watchdog_limit_s(settings), leave))
    posts = app.topic(app.runtime.topic, key_serializer="raw", value_serializer="raw", acks=False)

    @app.agent(posts, concurrency=1)  # type: ignore[untyped-decorator]
    async def take_posts(stream: Any) -> None:
        await _ending_on_error(_offer_all(app.runtime, stream.noack()))

    @app.task  # type: ignore[untyped-decorator]
    async def process_batches() -> None:
        await _ending_on_error(app.runtime.worker.run())

    @app.task  # type: ignore[untyped-decorator]
    async def tend() -> None:
        await _ending_on_error(_every(TEND_EVERY_S, app.runtime.worker.tend))

    @app.task  # type: ignore[untyped-decorator]
    async def probe() -> None:
        await _ending_on_error(app.runtime.probe())

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator]
    async def revoked(*_: Any, **__: Any) -> None:
        await _ending_on_error(app.runtime.worker.revoke())

    @app.on_partitions_assigned.connect  # type: ignore[untyped-decorator]
    async def assigned(*_: Any, **__: Any) -> None:
        app.runtime.worker.assigned()
        app.runtime.health.joined()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def shutting_down(*_: Any, **__: Any) -> None:
        await _ending_on_error(app.runtime.drain())

    return app


async def _offer_all(runtime: Runtime, fetches: AsyncIterator[list[Record]]) -> None:
    async for records in fetches:
        await runtime.worker.offer(records)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await work()


async def _ending_on_error(work: Any) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except CannotGoOn as end:
        leave(end.code, "; ".join([end.why, *_notes(end)]))
    except Exception as error:  # the edge where the process ends
        log.exception("nothing settled this")
        leave(ExitCode.FAULT, "; ".join([f"{type(error).__name__}: {error}", *_notes(error)]))


def _notes(error: Exception) -> list[str]:
    """What was added to an error on its way: where the posts stand."""
    return getattr(error, "__notes__", [])


def _app() -> VoxpopApp:
    try:
        return create_app(Settings())
    except ValidationError as error:
        leave(ExitCode.NOT_READY, settings_problem(error))
    except (ConnectionSettingsError, RedisSettingsError) as error:
        leave(ExitCode.NOT_READY, str(error))


app = _app()
