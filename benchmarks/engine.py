"""How many posts a second engines score by themselves: no Kafka, no Redis, no event loop.

Conversations are long, and each batch brings the next post of many of them. All engines get the
very same windows, of 9 to 32 posts where 32 are
the most. Not for the way to the model: that is `pipeline`.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final, get_args

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.long_conversations import BatchTimes, LongConversations
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from deploy.local.progress import Progress
from models.card import shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.engine import Engine
from models.streaming.arithmetic import ArithmeticName
from models.streaming.compiled_steps import CompiledSteps
from models.streaming.engine import StreamEngine
from models.window_engine import WindowEngine
from stream_app.settings import Settings

BATCHES: Final = (1, 16, 64, 256)
REFERENCE: Final = "window, float32 in eager torch"
_DISTINCT_POSTS: Final = 512
_SLOW_SHARE: Final = 16  # of the posts a slow engine, or single posts, get


@dataclass(frozen=True, slots=True)
class Measurement:
    """One engine at one batch size.

    Attributes:
        engine: what it is.
        batch: posts at once, each of another conversation.
        encode: median of the runs, posts a second from features to records.
        score: the same from records to scores; states gathered, moved on and kept.
        both: the same for both one after the other.
        runs: posts a second of each run, both.
        latency_ms: median of a batch, both.
    """

    engine: str
    batch: int
    encode: float
    score: float
    both: float
    runs: Sequence[float]
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where."""

    machine: Machine
    model: str
    window: int
    threads: int
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"engines alone, windows of up to {self.window} posts, {self.threads} threads",
            title_justify="left",
        )
        table.add_column("engine")
        for column in (
            "batch",
            "encode/s",
            "score/s",
            "both/s",
            "times window",
            "ms a batch",
            "runs",
        ):
            table.add_column(column, justify="right")
        reference = {
            each.batch: each.score for each in self.measurements if each.engine == REFERENCE
        }
        for each in self.measurements:
            ratio = each.score / reference[each.batch] if each.batch in reference else 0.0
            table.add_row(
                each.engine,
                str(each.batch),
                f"{each.encode:,.0f}",
                f"{each.score:,.0f}",
                f"{each.both:,.0f}",
                f"{ratio:.1f}" if ratio else "",
                f"{each.latency_ms:.1f}",
                ", ".join(f"{rate:,.0f}" for rate in each.runs),
            )
        console.print(table)
        console.print(f"{self.model}; times window: score/s by score/s", highlight=False)
        console.print(str(self.machine), highlight=False)


def run(posts: int, runs: int, progress: Progress) -> Figures:
    """Measure every engine with every batch size, the engines in turn within each run.

    Args:
        posts: scored in each run; slow engines and single posts get a sixteenth.
        runs: of each combination.
        progress: told how far it is.
    """
    machine = this_machine()
    settings = Settings()
    features = [each.post.features for each in simulated_posts(_DISTINCT_POSTS, progress)]
    engines = {name: make() for name, make in candidates(settings).items()}
    streams = {
        name: LongConversations(each, features, settings.window) for name, each in engines.items()
    }
    combinations = list(itertools.product(BATCHES, engines))
    times: dict[tuple[int, str], list[BatchTimes]] = {each: [] for each in combinations}
    total = (runs + 1) * len(combinations)
    for number in range(runs + 1):  # the first one builds states and is not counted
        for done, (batch, name) in enumerate(combinations, start=number * len(combinations)):
            progress("Scoring", done, total)
            slow = name == REFERENCE or batch == 1
            taken = streams[name].measure(batch, posts // _SLOW_SHARE if slow else posts)
            if number:
                times[batch, name].append(taken)
    progress("Scoring", total, total)
    measured = [_measurement(name, batch, times[batch, name]) for batch, name in combinations]
    version = engines[REFERENCE].version
    return Figures(machine, version, settings.window, torch.get_num_threads(), measured)


def candidates(settings: Settings) -> dict[str, Callable[[], Engine]]:
    """What makes each engine, by its name; all of the same checkpoint, on the CPU."""
    network, card = load_checkpoint(settings.model or shipped_checkpoint())

    def stream(arithmetic: ArithmeticName, threads: int) -> Engine:
        steps = CompiledSteps(
            network,
            card,
            window=settings.window,
            states_mib=settings.states_mib,
            threads=threads,
            arithmetic=arithmetic,
        )
        return StreamEngine(card, steps)

    cores = torch.get_num_threads()
    return {
        REFERENCE: lambda: WindowEngine(network, card, torch.device("cpu")),
        **{f"stream, {own}": partial(stream, own, cores) for own in get_args(ArithmeticName)},
        "stream, int8, one thread": partial(stream, "int8", 1),
    }


def _measurement(engine: str, batch: int, runs: Sequence[BatchTimes]) -> Measurement:
    return Measurement(
        engine=engine,
        batch=batch,
        encode=median(run.rate(run.encode_s) for run in runs),
        score=median(run.rate(run.score_s) for run in runs),
        both=median(run.rate(run.both_s) for run in runs),
        runs=[run.rate(run.both_s) for run in runs],
        latency_ms=round(1000 * median(time for run in runs for time in run.both_s), 2),
    )
