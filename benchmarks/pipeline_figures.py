"""Figures of the pipeline benchmark, and their table. Not how they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.stages import ORDER, Stages

RANKS: Final = ("p50", "p95", "p99")
HALF: Final = "half"
HALF_BESIDE: Final = "half beside the producer"
FULL: Final = "nine tenths beside the producer"
STAGE_COLUMNS: Final = ("workers", "load", "posts a batch", *ORDER)
Latency = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Paced:
    """What came of posts at a steady rate.

    Attributes:
        rate: posts a second.
        latency: see `paced_latency`.
        stages: of the workers' batches meanwhile, the time to settle included.
    """

    rate: float
    latency: Latency
    stages: Stages


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        workers: processes.
        pipeline: posts a second counted in Redis, between a tenth and nine tenths of the backlog.
        beside_producer: the same while a producer on the same cores sends more than that.
        model_alone: posts a second for the same posts by the model alone, in one process.
        ratio: the first by the third.
        cpu_ms: milliseconds of a core for each post, see `processor_seconds`, while `pipeline` was
            measured.
        stages: of the workers' batches while they had the backlog, start and tail included.
        paced: by load. `HALF`: half of `pipeline`; `HALF_BESIDE` and `FULL`: half and nine tenths
            of `beside_producer`, since at more posts come faster than they go; or rates as given.
    """

    workers: int
    pipeline: float
    beside_producer: float
    model_alone: float
    ratio: float
    cpu_ms: Mapping[str, float]
    stages: Stages
    paced: Mapping[str, Paced]


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
        for load in self.middle[0].paced:
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
                *(percentiles(own.latency) for own in each.paced.values()),
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
    for column in STAGE_COLUMNS:
        table.add_column(column, justify="left" if column == "load" else "right")
    for row in stage_rows(middle):
        table.add_row(*row)
    return table


def stage_rows(middle: Sequence[Run]) -> list[list[str]]:
    """Cells of `STAGE_COLUMNS`, by number of workers and load."""
    return [
        [
            str(each.workers),
            load,
            f"{stages.posts:.0f}",
            *(f"{stages.ms[stage]:.1f}" for stage in ORDER),
        ]
        for each in middle
        for load, stages in [
            ("backlog", each.stages),
            *((load, own.stages) for load, own in each.paced.items()),
        ]
    ]


def percentiles(latency: Latency) -> str:
    """All of them, milliseconds; a dash for one that is not known."""
    known = (latency[rank] for rank in RANKS)
    return " / ".join("-" if value is None else f"{value:,.0f}" for value in known)
