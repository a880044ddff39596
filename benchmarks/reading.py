"""What reading a record costs by itself: bare aiokafka, Faust, and Faust as Voxpop runs it.

Costs are of the processor, which other work on the machine hardly changes. Not for posts that are
scored: that is `pipeline`.
"""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from benchmarks.record_readers import AIOKAFKA, READERS
from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import TopicSpec, create_topics
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers
from stream_app.trial.worker_process import worker_environment

RECORD_BYTES: Final = (300, 18_000)
_LARGEST_TOPIC: Final = 400_000_000  # bytes; of large records there are fewer
_PARTITIONS: Final = 8
_WITHIN_S: Final = 300


class ReaderError(Exception):
    """A reader ended without figures."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader and one size of records.

    Attributes:
        record_bytes: of a record's value.
        cpu_us: median of the runs, microseconds of a core for a record, all threads of the reader.
        over_aiokafka_us: what of that is not aiokafka's own.
        rate: median of the runs, records a second.
        runs_cpu_us: `cpu_us` of each run.
    """

    reader: str
    record_bytes: int
    cpu_us: float
    over_aiokafka_us: float
    rate: float
    runs_cpu_us: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured and where."""

    machine: Machine
    readings: Sequence[Reading]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title="reading records and doing nothing else", title_justify="left")
        table.add_column("reader")
        for column in ("bytes", "us a record", "beyond aiokafka", "records/s", "runs, us a record"):
            table.add_column(column, justify="right")
        for each in self.readings:
            table.add_row(
                each.reader,
                f"{each.record_bytes:,}",
                f"{each.cpu_us:.1f}",
                f"{each.over_aiokafka_us:+.1f}",
                f"{each.rate:,.0f}",
                ", ".join(f"{cost:.1f}" for cost in each.runs_cpu_us),
            )
        console.print(table)
        console.print(str(self.machine), highlight=False)


def run(records: int, runs: int, progress: Progress) -> Figures:
    """Measure every reader with every size, the readers in turn within each run.

    Args:
        records: of the smallest size in a topic.
        runs: of each combination.
        progress: told how far it is.

    Raises:
        ReaderError: a reader ended without figures.
    """
    machine = this_machine()
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        counts = {size: min(records, _LARGEST_TOPIC // size) for size in RECORD_BYTES}
        for size, count in counts.items():
            asyncio.run(_send(settings, _topic(settings, size), size, count))
        taken: dict[tuple[int, str], list[dict[str, float]]] = {}
        planned = list(itertools.product(range(runs), RECORD_BYTES, READERS))
        for done, (_, size, reader) in enumerate(planned):
            progress("Reading", done, len(planned))
            took = _read(settings, reader, _topic(settings, size), counts[size], Path(folder))
            taken.setdefault((size, reader), []).append(took)
        progress("Reading", len(planned), len(planned))
    costs = {
        place: [round(1e6 * took["cpu_s"] / took["records"], 2) for took in each]
        for place, each in taken.items()
    }
    readings = [
        Reading(
            reader=reader,
            record_bytes=size,
            cpu_us=median(costs[size, reader]),
            over_aiokafka_us=round(median(costs[size, reader]) - median(costs[size, AIOKAFKA]), 2),
            rate=round(median(took["records"] / took["wall_s"] for took in each), 1),
            runs_cpu_us=costs[size, reader],
        )
        for (size, reader), each in taken.items()
    ]
    return Figures(machine, readings)


def _topic(settings: Settings, size: int) -> str:
    return settings.topic(f"records-{size}")


async def _send(settings: Settings, topic: str, size: int, count: int) -> None:
    kafka = settings.kafka_connection()
    await create_topics(kafka, [TopicSpec(topic, _PARTITIONS)])
    value = os.urandom(size)
    async with PostProducer(kafka, topic=topic) as producer:
        for number in range(count):
            await producer.send_raw(str(number).encode(), value)


def _read(
    settings: Settings, reader: str, topic: str, records: int, folder: Path
) -> dict[str, float]:
    file = folder / "reader.json"
    file.unlink(missing_ok=True)
    environment = {"VOXPOP_KAFKA": settings.kafka, "VOXPOP_DATA_DIR": str(folder / "reader")}
    command = [sys.executable, "-m", "benchmarks.record_readers", reader, topic, str(records)]
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [*command, str(file)],
        env=worker_environment(environment),
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    if not file.exists():
        raise ReaderError(f"{reader} ended with {done.returncode}: {done.stderr[-500:]}")
    took: dict[str, float] = orjson.loads(file.read_bytes())
    return took
