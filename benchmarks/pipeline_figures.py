"""Figures of the pipeline benchmark, and their table. Not how they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.stages import ORDER, Stages

RANKS: Final = ("p50", "p95", "p99")
BACKLOG: Final = "backlog"
HALF: Final = "half"
FULL: Final = "nine tenths beside producer"
Latency = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        workers: processes.
        pipeline: posts a second counted in Redis, between a tenth and nine tenths of the backlog.
        beside_producer: the same while a producer on the same cores sends more than that.
        model_alone: posts a second for the same posts by the model alone, in one process.
        ratio: the first by the second.
        half_rate: posts a second, half of `pipeline` unless the rates were given.
        half: latency while they come at that, see `paced_latency`.
        full_rate: likewise nine tenths of `beside_producer`; at more, posts come faster than they
            go.
        full: latency at that.
        cpu_ms: milliseconds of a core for each post, see `processor_seconds`, while `pipeline` was
            measured.
        stages: of the workers' batches, by load: `BACKLOG`, `HALF` and `FULL`; start and tail of
            each are in it.
    """

    workers: int
    pipeline: float
    beside_producer: float
    model_alone: float
    ratio: float
    half_rate: float
    half: Latency
    full_rate: float
    full: Latency
    cpu_ms: Mapping[str, float]
    stages: Mapping[str, Stages]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        posts: in the backlog of each run.
        batch_max: most posts in a batch, of the worker and of the model alone.
        window: most posts of a conversation that the model sees.
        middle: the median of each figure over the runs, by number of workers.
    """

    machine: Machine
    model: str
    posts: int
    batch_max: int
    window: int
    runs: Sequence[Run]
    middle: Sequence[Run]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"posts/s, {self.model}", title_justify="left")
        for column in (
            "run",
            "workers",
            "Kafka to Redis",
            "beside producer",
            "model alone",
            "ratio",
        ):
            table.add_column(column, justify="right")
        for load in (HALF, FULL):
            table.add_column(f"p50/p95/p99 ms at {load}", justify="right")
        for name, each in [
            *((str(number), own) for number, own in enumerate(self.runs, start=1)),
            *(("median", own) for own in self.middle),
        ]:
            table.add_row(
                name,
                str(each.workers),
                f"{each.pipeline:,.0f}",
                f"{each.beside_producer:,.0f}",
                f"{each.model_alone:,.0f}",
                f"{each.ratio:.3f}",
                *map(percentiles, (each.half, each.full)),
            )
        console.print(table)
        for each in self.middle:
            used = ", ".join(f"{whose} {spent:.3f}" for whose, spent in each.cpu_ms.items())
            console.print(
                f"{each.workers} workers, ms of a core a post: {used}; "
                f"together {sum(each.cpu_ms.values()):.3f}",
                highlight=False,
            )
        console.print(_of_stages(self.middle))
        console.print(str(self.machine), highlight=False)


def _of_stages(middle: Sequence[Run]) -> Table:
    table = Table(title="ms of a batch in each stage, medians", title_justify="left")
    table.add_column("workers", justify="right")
    table.add_column("load")
    for column in ("posts a batch", *ORDER):
        table.add_column(column, justify="right")
    for each in middle:
        for load, stages in each.stages.items():
            table.add_row(str(each.workers), load, *stage_cells(stages))
    return table


def stage_cells(stages: Stages) -> list[str]:
    """Posts in a batch, then its milliseconds in each stage, in `ORDER`."""
    return [f"{stages.posts:.0f}", *(f"{stages.ms[stage]:.1f}" for stage in ORDER)]


def percentiles(latency: Latency) -> str:
    """All of them, milliseconds; a dash for one that is not known."""
    known = (latency[rank] for rank in RANKS)
    return " / ".join("-" if value is None else f"{value:,.0f}" for value in known)
