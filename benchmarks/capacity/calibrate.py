"""`voxpop bench calibrate`: the costs of this machine, measured.

Runs that differ in batches, partitions and tracks tell the parts of each component's work apart;
the model is measured alone. What no run can tell (a GPU, memory of Redis, sizes of states) stays
as the shipped file has it, with its source. Not for judging the simulation: `judge` does, on other
loads.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.capacity.engine_costs import OF_THE_MODEL, EngineRun, engine_costs
from benchmarks.capacity.measured import Measured, measure, warm_up
from benchmarks.capacity.servers import apart, own_servers
from benchmarks.capacity.solving import Equation, solve
from benchmarks.capacity.trips import post_sizes, prediction_sizes, trips
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from connectors.kafka.topics import create_topics, voxpop_topics
from deploy.local.progress import Progress
from stream_app.capacity.conversations import Conversations
from stream_app.capacity.costs import NAMES, Costs, CostsFile, Origin, read_costs
from stream_app.capacity.load import Conversing, Load
from stream_app.capacity.shape import states_kept
from stream_app.capacity.simulated_model import MODEL
from stream_app.capacity.simulated_worker import LOOP, OTHER_THREADS
from stream_app.capacity.simulation import PRODUCER, Place
from stream_app.capacity.windows import SimulatedWindows
from stream_app.core.windows import WINDOWS_HELD

COMMAND: Final = "voxpop bench calibrate"
DISTINCT_POSTS: Final = 512
_SEED: Final = 1

LOADS: Final = (
    Load("backlog"),
    Load("backlog, batches of 16", batch_max=16),
    Load("backlog, many tracks", tracks=60),
    Load("backlog, three tracks a post", tracks=24, tracks_per_post=3),
    Load("backlog, two partitions, batches of 64", partitions=2, batch_max=64),
    Load("300 posts/s", rate=300.0),
    Load("500 posts/s, three tracks a post", rate=500.0, tracks=24, tracks_per_post=3),
    Load("700 posts/s, short conversations", rate=700.0, conversing=Conversing(new_share=0.6)),
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured, and the costs that follow.

    Attributes:
        measured: names of the costs that were measured now; others are the shipped ones.
        slower_in_worker: processor time of the model's process beside a worker by that alone.
    """

    machine: Machine
    costs: Costs
    measured: Sequence[str]
    runs: Sequence[Measured]
    engine: Sequence[EngineRun]
    slower_in_worker: float

    def file(self) -> CostsFile:
        """The costs with their origins, for `write_costs`."""
        machine = str(self.machine)
        shipped = read_costs().origins
        origins = {
            name: Origin(COMMAND, machine) if name in self.measured else shipped[name]
            for name in NAMES
        }
        return CostsFile(self.costs, origins)

    def show(self, console: Console) -> None:
        """Print the costs, and the runs that they come from."""
        table = Table(title="costs", title_justify="left")
        for column in ("cost", "value", "from"):
            table.add_column(column)
        for name, origin in self.file().origins.items():
            table.add_row(name, f"{getattr(self.costs, name):.5g}", origin.source)
        console.print(table)
        for run in self.runs:
            each = run.outcome
            console.print(
                f"{run.load.name}: {each.rate:,.0f} posts/s, batches of {each.batch:.0f} in "
                f"{each.pieces:.1f} pieces and {each.calls:.1f} calls, cores busy {each.busy:.2f}, "
                f"for others {run.others_ms / 1000 / run.seconds:.2f} cores",
                highlight=False,
            )
        console.print(
            f"the model beside a worker: {self.slower_in_worker:.2f} of alone", highlight=False
        )
        console.print(str(self.machine), highlight=False)


def run(posts: int, seconds: float, progress: Progress) -> Calibration:
    """Measure the costs of this machine.

    Args:
        posts: of each backlog.
        seconds: of each steady rate.
        progress: told how far it is.

    Raises:
        BenchmarkStoppedError: workers stand still, or the environment names servers.
    """
    machine = this_machine()
    made = simulated_posts(DISTINCT_POSTS, progress)
    alone, engine_runs = engine_costs(made, posts // 4)
    found: dict[str, float] = {**alone, **post_sizes([each.value for each in made])}
    runs = []
    with (
        TemporaryDirectory(prefix="voxpop-calibrate-") as folder,
        own_servers(Path(folder), "calibrate", progress) as settings,
    ):
        warm_up(settings, made, Path(folder))
        own = apart(settings, "trips")
        asyncio.run(create_topics(own.kafka_connection(), voxpop_topics(own.topic_prefix)))
        found |= asyncio.run(trips(own))
        for number, load in enumerate(LOADS):
            progress("Measuring", number, len(LOADS))
            sized = replace(load, posts=posts, seconds=seconds)
            own = apart(settings, str(number))
            runs.append(measure(sized, own, made, Path(folder) / str(number)))
            if number == 0:
                together = round(runs[0].outcome.batch / max(1.0, runs[0].outcome.pieces))
                found |= asyncio.run(prediction_sizes(own, together))
        progress("Measuring", len(LOADS), len(LOADS))
    slower = slower_in_worker(runs, alone)
    found |= {name: alone[name] * slower for name in OF_THE_MODEL}
    found |= parts_of(runs, alone)
    costs = replace(read_costs().costs, **found)
    return Calibration(machine, costs, list(found), runs, engine_runs, slower)


def parts_of(runs: Sequence[Measured], alone: Mapping[str, float]) -> dict[str, float]:
    """Costs of event loop, consumer, Redis, Kafka and producer, from what runs used.

    Args:
        runs: that differ in what they are made of.
        alone: what asking the model takes, as `engine_costs` found it; the rest of what a worker's
            other threads used is its consumer's.
    """
    told: tuple[tuple[str, Mapping[str, Callable[[Measured], float]]], ...] = (
        (
            LOOP,
            {
                "loop_batch_ms": lambda run: run.batches,
                "loop_piece_ms": lambda run: run.pieces,
                "loop_call_ms": lambda run: run.calls,
                "loop_portion_ms": lambda run: run.portions,
                "loop_post_ms": lambda run: run.posts,
            },
        ),
        (
            OTHER_THREADS,
            {
                "consumer_portion_ms": lambda run: run.portions,
                "consumer_post_ms": lambda run: run.posts,
            },
        ),
        (
            "Redis",
            {
                "redis_piece_ms": lambda run: run.pieces,
                "redis_call_ms": lambda run: run.calls,
                "redis_post_ms": lambda run: run.posts,
                "redis_read_ms": lambda run: run.reads,
                "redis_poll_ms": lambda run: run.polls,
            },
        ),
        (
            "Kafka",
            {
                "kafka_cores": lambda run: 1000 * run.seconds,
                "kafka_piece_ms": lambda run: run.pieces,
                "kafka_read_ms": lambda run: run.portions,
                # where posts come at a rate, they are read in the portions that they come in
                "kafka_append_ms": lambda run: run.portions if run.sent else 0.0,
            },
        ),
        (
            PRODUCER,
            {
                "producer_post_ms": lambda run: run.sent,
                "producer_poll_ms": lambda run: run.polls,
            },
        ),
    )
    found: dict[str, float] = {}
    for whose, parts in told:
        equations = [
            Equation([count(run) for count in parts.values()], used_ms)
            for run in runs
            if (used_ms := _unknown_ms(run, whose, alone)) > 0
        ]
        found |= solve(list(parts), equations)
    sent = [Equation((run.posts, run.calls), float(run.redis_bytes)) for run in runs]
    return found | solve(("redis_post_bytes", "redis_call_bytes"), sent)


def _unknown_ms(run: Measured, whose: str, alone: Mapping[str, float]) -> float:
    """What was used, less what of it was found alone."""
    used_ms = run.used_ms[whose]
    if whose != OTHER_THREADS:
        return used_ms
    return used_ms - run.batches * alone["ask_batch_ms"] - run.posts * alone["ask_post_ms"]


def slower_in_worker(runs: Sequence[Measured], alone: Mapping[str, float]) -> float:
    """How much more processor time the model took beside workers than alone, the median.

    Args:
        runs: of workers.
        alone: costs of the model, as `engine_costs` found them.
    """
    ratios = []
    for run in runs:
        context, rebuilt = _context(run.load, run.posts)
        own = EngineRun(run.load.batch_max, run.batches, run.posts, context, rebuilt)
        alone_ms = sum(alone[name] * count(own) for name, count in OF_THE_MODEL.items())
        ratios.append(run.used_ms[MODEL] / alone_ms)
    return median(ratios)


def _context(load: Load, posts: int) -> tuple[int, int]:
    """Posts looked at and computed again for so many posts of a load, after its beginning."""
    stream = Conversations(load, _SEED)
    states = states_kept(Place().states_mib, read_costs().costs, load.window)
    windows = SimulatedWindows(load.window, WINDOWS_HELD, states)
    looked = [windows.look(stream.next_post().conversation) for _ in range(2 * posts)][posts:]
    return sum(each.context for each in looked), sum(each.rebuilt for each in looked)
