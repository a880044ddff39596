"""Programs that read a topic and do nothing with it: `python -m benchmarks.record_readers`.

Each writes what it took to a file and ends. Not for the peers with a model: those are in `peers`.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import uuid4

import faust
import orjson
from aiokafka import AIOKafkaConsumer

from stream_app.app import VoxpopApp
from stream_app.faust_settings import faust_options
from stream_app.settings import Settings

AIOKAFKA: Final = "aiokafka, getmany"
FAUST: Final = "Faust, a record at a time"
VOXPOP: Final = "Faust as Voxpop runs it, a fetch at a time"
_SETTLED: Final = 0.1  # of the records, before which nothing is measured
_AT_ONCE: Final = 256


class _Meter:
    """Counts records, and ends the process with the figures at the last.

    Args:
        records: in the topic.
        file: for what it took: records, cpu_s of this process with all its threads, wall_s.
    """

    def __init__(self, records: int, file: Path) -> None:
        self._records = records
        self._file = file
        self._seen = 0
        self._since: tuple[int, float, float] | None = None

    def read(self, records: int) -> None:
        """So many more were read."""
        self._seen += records
        now = (self._seen, time.process_time(), time.perf_counter())
        if self._since is None and self._seen >= _SETTLED * self._records:
            self._since = now
        if self._since is not None and self._seen >= self._records:
            self._end(self._since, now)

    def _end(self, first: tuple[int, float, float], last: tuple[int, float, float]) -> NoReturn:
        names = ("records", "cpu_s", "wall_s")
        took = {name: b - a for name, a, b in zip(names, first, last, strict=True)}
        self._file.write_bytes(orjson.dumps(took))
        os._exit(0)


def _read_with_aiokafka(settings: Settings, topic: str, meter: _Meter) -> None:
    async def read() -> None:
        options = settings.kafka_connection().client_options()
        consumer = AIOKafkaConsumer(
            topic, **options, group_id=settings.group, auto_offset_reset="earliest"
        )
        async with consumer:
            while True:
                fetched = await consumer.getmany(timeout_ms=1000, max_records=_AT_ONCE)
                for records in fetched.values():
                    meter.read(len(records))

    asyncio.run(read())


def _read_with_faust(settings: Settings, topic: str, meter: _Meter) -> None:
    async def read(stream: Any) -> None:
        async for _ in stream.noack():
            meter.read(1)

    # the agent's queue as long as Faust's default: a worker of Voxpop needs only a few fetches
    options = faust_options(settings) | {"stream_buffer_maxsize": 4096}
    _run(faust.App(settings.group, **options), topic, read)


def _read_as_voxpop(settings: Settings, topic: str, meter: _Meter) -> None:
    async def read(stream: Any) -> None:
        async for records in stream.noack():
            meter.read(len(records))

    _run(_Consuming(settings.group, **faust_options(settings)), topic, read)


class _Consuming(VoxpopApp):
    """The app of a worker with its consumer and without its worker."""

    async def on_start(self) -> None:
        """Start nothing else."""

    async def on_stop(self) -> None:
        """Stop nothing else."""


def _run(app: Any, topic: str, read: Callable[[AsyncIterator[Any]], Any]) -> None:
    raw = app.topic(topic, key_serializer="raw", value_serializer="raw", acks=False)
    app.agent(raw, concurrency=1)(read)
    faust.Worker(app, loglevel="warning").execute_from_commandline()


READERS: Final[Mapping[str, Callable[[Settings, str, _Meter], None]]] = {
    AIOKAFKA: _read_with_aiokafka,
    FAUST: _read_with_faust,
    VOXPOP: _read_as_voxpop,
}


def main() -> None:
    """Read a topic from its beginning with the reader that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=list(READERS))
    parser.add_argument("topic")
    parser.add_argument("records", type=int)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    settings = Settings().model_copy(update={"group": f"reader-{uuid4().hex}"})
    meter = _Meter(arguments.records, arguments.file)
    READERS[arguments.reader](settings, arguments.topic, meter)


if __name__ == "__main__":
    main()
