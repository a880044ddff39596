"""`voxpop bench capacity`: real runs beside the simulation of the same, on loads not calibrated on.

Not for measuring costs: that is `calibrate`, whose loads are others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.capacity.calibrate import DISTINCT_POSTS
from benchmarks.capacity.measured import Measured, measure, warm_up
from benchmarks.capacity.servers import apart, own_servers
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from deploy.local.progress import Progress
from stream_app.capacity.costs import CostsFile
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.outcome import Outcome
from stream_app.capacity.simulation import Place, simulate
from stream_app.trial.latency import POLL_S

AIM: Final = 0.15

LOADS: Final = (
    Load("backlog, batches of 32", batch_max=32, conversing=Conversing(200, 0.05)),
    Load("backlog, two workers", workers=2),
    Load("backlog, batches of 128, long conversations", batch_max=128, partitions=16,
         conversing=Conversing(60, 0.04)),
    Load("400 posts/s", rate=400.0, tracks=12),
    Load("800 posts/s", rate=800.0),
    Load("1,200 posts/s", rate=1200.0, tracks=12),
    Load("1,200 posts/s, two workers, batches of 32", rate=1200.0, workers=2, batch_max=32,
         conversing=Conversing(60, 0.04)),
    Load("600 posts/s, two tracks a post", rate=600.0, tracks=30, tracks_per_post=2,
         conversing=Conversing(60, 0.5)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """A real run and the simulation of it.

    Attributes:
        rate_error: simulated by measured rate, less one.
        busy_error: the same of the share of the cores that was busy.
    """

    load: Load
    measured: Outcome
    simulated: Outcome
    rate_error: float
    busy_error: float
    real: Measured


@dataclass(frozen=True, slots=True)
class Judgement:
    """All pairs.

    Attributes:
        costs: machine that the costs were measured on.
        within: pairs whose two errors are both within `AIM`.
    """

    machine: Machine
    costs: str
    pairs: Sequence[Pair]
    within: int

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title="measured / simulated", title_justify="left")
        table.add_column("load")
        for column in ("posts/s", "error", "cores busy", "error", "p50 ms", "p95 ms", "p99 ms",
                       "batch", "pieces"):  # fmt: skip
            table.add_column(column, justify="right")
        for each in self.pairs:
            table.add_row(each.load.name, *cells(each))
        console.print(table)
        console.print(
            f"{self.within} of {len(self.pairs)} within {AIM:.0%} in rate and cores; "
            f"costs of {self.costs}; here {self.machine}",
            highlight=False,
        )


def cells(pair: Pair) -> list[str]:
    """What a table says of a pair, after its name."""
    real, simulated = pair.measured, pair.simulated
    latencies = [
        f"{_told(real.latency_ms.get(rank))} / {_told(simulated.latency_ms.get(rank))}"
        for rank in ("p50", "p95", "p99")
    ]
    return [
        f"{real.rate:,.0f} / {simulated.rate:,.0f}",
        f"{pair.rate_error:+.0%}",
        f"{real.busy:.2f} / {simulated.busy:.2f}",
        f"{pair.busy_error:+.0%}",
        *latencies,
        f"{real.batch:.0f} / {simulated.batch:.0f}",
        f"{real.pieces:.1f} / {simulated.pieces:.1f}",
    ]


def run(
    posts: int, seconds: float, file: CostsFile, progress: Progress, loads: Sequence[Load] = LOADS
) -> Judgement:
    """Measure each load and simulate it.

    Args:
        posts: of each backlog.
        seconds: of each steady rate.
        file: what the simulation takes things to cost.
        progress: told how far it is.
        loads: which.

    Raises:
        BenchmarkStoppedError: workers stand still, or the environment names servers.
    """
    machine = this_machine()
    made = simulated_posts(DISTINCT_POSTS, progress)
    pairs = []
    with (
        TemporaryDirectory(prefix="voxpop-capacity-") as folder,
        own_servers(Path(folder), "capacity", progress) as settings,
    ):
        warm_up(settings, made, Path(folder))
        for number, load in enumerate(loads):
            progress("Measuring", number, len(loads))
            sized = replace(load, posts=posts, seconds=seconds)
            real = measure(sized, apart(settings, str(number)), made, Path(folder) / str(number))
            pairs.append(pair(real, simulated(sized, file, machine.logical_cores)))
        progress("Measuring", len(loads), len(loads))
    within = sum(max(abs(each.rate_error), abs(each.busy_error)) <= AIM for each in pairs)
    return Judgement(machine, file.origins["loop_post_ms"].machine, pairs, within)


def simulated(load: Load, file: CostsFile, cores: int) -> Outcome:
    """The same load in virtual time, with somebody who watches where there is a rate."""
    place = Place(cores=cores, watch_s=POLL_S if load.rate is not None else 0.0)
    return simulate(load, file.costs, place).outcome


def pair(real: Measured, simulated: Outcome) -> Pair:
    """A run beside its simulation."""
    measured = real.outcome
    return Pair(
        real.load,
        measured,
        simulated,
        simulated.rate / measured.rate - 1,
        simulated.busy / measured.busy - 1,
        real,
    )


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
