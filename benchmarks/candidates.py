"""What was considered for steps on a CPU, beside what was chosen: arithmetic, compilers, threads.

All score windows that are drawn alike. Not for what can be set, nor for records: that is `engine`.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.engine import EAGER_STATES_MIB
from benchmarks.engines import compiled_engine, tensor_engine
from benchmarks.inductor import COMPILED_POSTS, Inductor, why_no_compiler
from benchmarks.long_conversations import LongConversations
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from connectors.schemas.scoring import Features, WindowRequest
from deploy.local.progress import Progress
from models.card import shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.engine import Engine
from models.streaming.tensor_steps import Host, Place
from stream_app.settings import Settings

BATCHES: Final = (64, 256)
CHOSEN: Final = "int8, one thread"
PLAIN: Final = "float32, torch"
_DISTINCT_POSTS: Final = 512
_COMPARED: Final = COMPILED_POSTS  # posts of each window that scores are compared of
_ENGINE_THREAD: Final = "engine_"

Around = Callable[[], AbstractContextManager[None]]
Turn = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of them at one batch size.

    Attributes:
        name: what it is.
        batch: posts at once, each of another conversation.
        score: median of the runs, posts a second from records to scores.
        ratio: to what was chosen, median of the ratios within each run.
        runs: posts a second of each run.
        furthest: largest difference of a probability from plain torch in float32.
    """

    name: str
    batch: int
    score: float
    ratio: float
    runs: Sequence[float]
    furthest: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        threads: of the candidates that do not say so.
        no_compiler: why nothing was compiled; None where it was.
    """

    machine: Machine
    model: str
    window: int
    threads: int
    no_compiler: str | None
    candidates: Sequence[Candidate]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"candidates, windows of up to {self.window} posts, {self.threads} threads",
            title_justify="left",
        )
        table.add_column("candidate")
        for column in ("batch", "score/s", "ratio", "furthest probability", "runs"):
            table.add_column(column, justify="right")
        for each in self.candidates:
            table.add_row(
                each.name,
                str(each.batch),
                f"{each.score:,.0f}",
                f"{each.ratio:.2f}",
                f"{each.furthest:.4f}",
                ", ".join(f"{rate:,.0f}" for rate in each.runs),
            )
        console.print(table)
        console.print(f"{self.model}; ratio: to {CHOSEN}", highlight=False)
        console.print(str(self.machine), highlight=False)
        if self.no_compiler:
            console.print(f"nothing compiled: {self.no_compiler}", highlight=False)


def run(posts: int, runs: int, progress: Progress) -> Figures:
    """Measure every candidate with every batch size, in turn within each run.

    Args:
        posts: scored in each run.
        runs: of each.
        progress: told how far it is.
    """
    machine = this_machine()
    settings = Settings()
    features = [each.post.features for each in simulated_posts(_DISTINCT_POSTS, progress)]
    cores = torch.get_num_threads()
    engines = _engines(settings, cores)
    kept = _kept_on_cores(cores)
    rates = _rates(
        {name: LongConversations(own, features, settings.window) for name, own in engines.items()},
        kept,
        posts,
        runs,
        progress,
    )
    plain = _probabilities(engines[PLAIN], features)
    furthest = {
        name: round(float(np.abs(_probabilities(own, features) - plain).max()), 5)
        for name, own in engines.items()
    }
    return Figures(
        machine=machine,
        model=engines[CHOSEN].version,
        window=settings.window,
        threads=cores,
        no_compiler=why_no_compiler(),
        candidates=[
            Candidate(
                name=name,
                batch=batch,
                score=median(own),
                ratio=_ratio(own, rates[batch, CHOSEN]),
                runs=own,
                furthest=furthest[kept.get(name, name)],
            )
            for (batch, name), own in rates.items()
        ],
    )


def _rates(
    streams: Mapping[str, LongConversations],
    kept: Mapping[str, str],
    posts: int,
    runs: int,
    progress: Progress,
) -> dict[Turn, list[float]]:
    """Posts a second of each run, by batch size and candidate.

    Args:
        streams: conversations by engine.
        kept: candidates whose threads are kept on cores, and the engine of each.
        posts: scored in each run.
        runs: of each.
        progress: told how far it is.
    """
    candidates: dict[str, tuple[LongConversations, Around]] = {
        **{name: (stream, nullcontext) for name, stream in streams.items()},
        **{name: (streams[engine], threads_kept_on_cores) for name, engine in kept.items()},
    }
    rates: dict[Turn, list[float]] = {(batch, name): [] for batch in BATCHES for name in candidates}
    total = (runs + 1) * len(rates)
    for number in range(runs + 1):  # the first one builds states and compiles; it is not counted
        for done, (batch, name) in enumerate(rates, start=number * len(rates)):
            progress("Scoring", done, total)
            stream, around = candidates[name]
            with around():
                taken = stream.measure(batch, posts)
            if number:
                rates[batch, name].append(taken.rate(taken.score_s))
    progress("Scoring", total, total)
    return rates


def _two(cores: int) -> str:
    return f"int8, {cores} threads"


def _kept_on_cores(cores: int) -> dict[str, str]:
    """Candidates whose threads are kept on cores, where a system can, and the engine of each."""
    if not hasattr(os, "sched_setaffinity"):
        return {}
    return {f"{CHOSEN}, kept on a core": CHOSEN, f"{_two(cores)}, each on a core": _two(cores)}


def _engines(settings: Settings, cores: int) -> dict[str, Engine]:
    network, card = load_checkpoint(settings.model or shipped_checkpoint())
    places: dict[str, Place] = {PLAIN: Host(), "bfloat16, torch": Host(torch.bfloat16)}
    if why_no_compiler() is None:
        places["float32, torch compiled"] = Inductor(torch.float32)
        places["bfloat16, torch compiled"] = Inductor(torch.bfloat16)
    return {
        CHOSEN: compiled_engine(network, card, settings, "int8", 1),
        _two(cores): compiled_engine(network, card, settings, "int8", cores),
        **{
            name: tensor_engine(network, card, settings, place, EAGER_STATES_MIB)
            for name, place in places.items()
        },
    }


@contextmanager
def threads_kept_on_cores() -> Iterator[None]:
    """This thread stays on the first core, and each of an engine on one of its own."""
    cores = sorted(os.sched_getaffinity(0))
    try:
        for thread, number in {**_engine_threads(), 0: 0}.items():
            os.sched_setaffinity(thread, {cores[number % len(cores)]})
        yield
    finally:
        for thread in (*_engine_threads(), 0):
            os.sched_setaffinity(thread, cores)


def _engine_threads() -> dict[int, int]:
    """Ids of the threads of engines, and the number of each in its engine."""
    return {
        each.native_id: int(each.name.removeprefix(_ENGINE_THREAD))
        for each in threading.enumerate()
        if each.name.startswith(_ENGINE_THREAD) and each.native_id is not None
    }


def _probabilities(engine: Engine, features: Sequence[Features]) -> NDArray[np.float64]:
    """Of the last posts of some windows, [W, 10]."""
    records = engine.encode(features)
    requests = [
        WindowRequest(records[start : start + _COMPARED], (_COMPARED - 1,))
        for start in range(0, len(records) - _COMPARED + 1, _COMPARED)
    ]
    return np.array([[*one.sentiment, *one.emotion] for (one,) in engine.score(requests)])


def _ratio(rates: Sequence[float], chosen: Sequence[float]) -> float:
    return round(median(own / his for own, his in zip(rates, chosen, strict=True)), 3)
