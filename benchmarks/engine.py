"""How many posts a second engines score by themselves: no Kafka, no Redis, no event loop.

Conversations are long, and each batch brings the next post of many of them. All engines get the
very same windows, of 9 to 32 posts where 32 are
the most. Not for the way to the model: that is `pipeline`.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final, get_args

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from connectors.schemas.scoring import Features, WindowRequest, surplus
from deploy.local.progress import Progress
from models.card import shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.engine import Engine
from models.streaming.arithmetic import ArithmeticName
from models.streaming.engine import StreamEngine
from models.window_engine import WindowEngine
from stream_app.core.windows import ConversationKey, Windows
from stream_app.settings import Settings

CONVERSATIONS: Final = 512
BATCHES: Final = (1, 16, 64, 256)
REFERENCE: Final = "window, float32 in eager torch"
_SEED: Final = 5
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
    streams = {name: _Stream(each, features, settings.window) for name, each in engines.items()}
    combinations = list(itertools.product(BATCHES, engines))
    times: dict[tuple[int, str], list[_Times]] = {each: [] for each in combinations}
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
        return StreamEngine(
            network,
            card,
            window=settings.window,
            states_mib=settings.states_mib,
            threads=threads,
            arithmetic=arithmetic,
        )

    cores = torch.get_num_threads()
    return {
        REFERENCE: lambda: WindowEngine(network, card, torch.device("cpu")),
        **{f"stream, {own}": partial(stream, own, cores) for own in get_args(ArithmeticName)},
        "stream, int8, one thread": partial(stream, "int8", 1),
    }


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds a batch, for encoding and for scoring, and posts of a batch."""

    encode_s: Sequence[float]
    score_s: Sequence[float]
    batch: int


class _Stream:
    """Long conversations that go on from run to run, in an order that each engine gets alike."""

    def __init__(self, engine: Engine, features: Sequence[Features], window: int) -> None:
        self._engine = engine
        self._features = features
        self._records = engine.encode(features)
        self._windows = Windows(window, engine.stamp, CONVERSATIONS)
        self._keys = [ConversationKey(0, f"c{number}") for number in range(CONVERSATIONS)]
        self._random = np.random.default_rng(_SEED)
        for key in self._keys:  # as long as windows of long conversations are
            before = int(self._random.integers(window - surplus(window + 1, window), window + 1))
            self._windows.load(key, self._draw(self._records, before))
        self._turns = itertools.cycle(self._random.permutation(CONVERSATIONS).tolist())

    def measure(self, batch: int, posts: int) -> _Times:
        """Encode and score the next posts, and tell how long each batch took."""
        encode_s, score_s = [], []
        for _ in range(max(1, posts // batch)):
            keys = [self._keys[next(self._turns)] for _ in range(batch)]
            chosen = self._random.integers(len(self._features), size=batch)
            began = time.perf_counter()
            records = self._engine.encode([self._features[index] for index in chosen])
            encode_s.append(time.perf_counter() - began)
            requests: list[WindowRequest] = []
            for key, record in zip(keys, records, strict=True):
                requests += self._windows.window(key).requests([record], self._windows.length, key)
                self._windows.append(key, [record])
            began = time.perf_counter()
            self._engine.score(requests)
            score_s.append(time.perf_counter() - began)
        return _Times(encode_s, score_s, batch)

    def _draw(self, records: Sequence[bytes], count: int) -> list[bytes]:
        return [records[index] for index in self._random.integers(len(records), size=count)]


def _measurement(engine: str, batch: int, runs: Sequence[_Times]) -> Measurement:
    def rate(times: Sequence[float]) -> float:
        return round(batch * len(times) / sum(times), 1)

    both = [[a + b for a, b in zip(run.encode_s, run.score_s, strict=True)] for run in runs]
    return Measurement(
        engine=engine,
        batch=batch,
        encode=median(rate(run.encode_s) for run in runs),
        score=median(rate(run.score_s) for run in runs),
        both=median(rate(run) for run in both),
        runs=[rate(run) for run in both],
        latency_ms=round(1000 * median(itertools.chain.from_iterable(both)), 2),
    )
