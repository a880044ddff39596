"""How many posts a second engines score by themselves: no Kafka, no Redis, no event loop.

Conversations are long, and each batch brings the next post of many of them. All engines on the CPU
get the very same windows, of 9 to 32 posts where 32 are the most; where there is a GPU, its engine
gets more conversations and larger batches. Not for the way to the model: that is `pipeline`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final, get_args

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.engines import compiled_engine, tensor_engine
from benchmarks.long_conversations import CONVERSATIONS, BatchTimes, LongConversations
from benchmarks.machine import Machine, gpu_line, gpu_name, this_machine
from benchmarks.posts import simulated_posts
from deploy.local.progress import Progress
from models.card import shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.device import why_no_gpu
from models.engine import Engine
from models.streaming.arithmetic import ArithmeticName
from models.streaming.cuda import Cuda
from models.streaming.tensor_steps import Host, Place
from models.window_engine import WindowEngine
from stream_app.settings import Settings

BATCHES: Final = (1, 16, 64, 256)
REFERENCE: Final = "window, float32 in eager torch"
EAGER: Final = "stream, float32 in eager torch"
ON_GPU: Final = "stream, bfloat16 on CUDA"
GPU_CONVERSATIONS: Final = 2048
GPU_BATCHES: Final = (64, 256, 1024)
EAGER_STATES_MIB: Final = 640  # at least; holds all conversations with windows of 32 posts
_GPU_STATES_MIB: Final = 2048  # likewise
_DISTINCT_POSTS: Final = 512
_SLOW_SHARE: Final = 16  # of the posts a slow engine, or single posts, get
_FAST_FACTOR: Final = 16  # times the posts for a GPU


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
    """What was measured, of which model and where.

    Attributes:
        gpu: its name; None where there is none.
        no_gpu: why there is none; None where there is one.
    """

    machine: Machine
    gpu: str | None
    no_gpu: str | None
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
        console.print(gpu_line(self.gpu, self.no_gpu), highlight=False)


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
    engines = {name: make() for name, make in engines_by_name(settings).items()}
    streams = {
        name: LongConversations(each, features, settings.window, _conversations(name))
        for name, each in engines.items()
    }
    combinations = [
        (batch, name)
        for batch in sorted({*BATCHES, *GPU_BATCHES})
        for name in engines
        if batch in (GPU_BATCHES if name == ON_GPU else BATCHES)
    ]
    times: dict[tuple[int, str], list[BatchTimes]] = {each: [] for each in combinations}
    total = (runs + 1) * len(combinations)
    for number in range(runs + 1):  # the first one builds states and is not counted
        for done, (batch, name) in enumerate(combinations, start=number * len(combinations)):
            progress("Scoring", done, total)
            taken = streams[name].measure(batch, _posts(name, batch, posts))
            if number:
                times[batch, name].append(taken)
    progress("Scoring", total, total)
    return Figures(
        machine=machine,
        gpu=gpu_name(),
        no_gpu=why_no_gpu(),
        model=engines[REFERENCE].version,
        window=settings.window,
        threads=torch.get_num_threads(),
        measurements=[
            _measurement(name, batch, times[batch, name]) for batch, name in combinations
        ],
    )


def engines_by_name(settings: Settings) -> dict[str, Callable[[], Engine]]:
    """What makes each engine of a checkpoint; that of a GPU where there is one."""
    network, card = load_checkpoint(settings.model or shipped_checkpoint())

    def compiled(arithmetic: ArithmeticName, threads: int) -> Engine:
        return compiled_engine(network, card, settings, arithmetic, threads)

    def tensors(make_place: Callable[[], Place], states_mib: int) -> Engine:
        engine = tensor_engine(network, card, settings, make_place(), states_mib)
        engine.warm_up()
        return engine

    cores = torch.get_num_threads()
    on_gpu = {ON_GPU: partial(tensors, Cuda, _GPU_STATES_MIB)} if why_no_gpu() is None else {}
    return {
        REFERENCE: lambda: WindowEngine(network, card, torch.device("cpu")),
        EAGER: partial(tensors, Host, EAGER_STATES_MIB),
        **{f"stream, {own}": partial(compiled, own, cores) for own in get_args(ArithmeticName)},
        "stream, int8, one thread": partial(compiled, "int8", 1),
        **on_gpu,
    }


def _conversations(engine: str) -> int:
    return GPU_CONVERSATIONS if engine == ON_GPU else CONVERSATIONS


def _posts(engine: str, batch: int, posts: int) -> int:
    """Posts that an engine gets in a run."""
    if engine == ON_GPU:
        return posts * _FAST_FACTOR
    return posts // _SLOW_SHARE if engine == REFERENCE or batch == 1 else posts


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
