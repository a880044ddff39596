"""The paper's acceleration ratio of the four systems, and its twin for inference.

S = T_cpu / T_gpu, times of a training epoch (He & Lu, Eq. 14); the twin is that of scoring the same
posts. Systems train as `voxpop train` does it, in float32 on a CPU and in bfloat16 on a GPU, and
score in float32. Where there is no GPU, T_cpu stands alone. Not for how good the systems are:
`model_tables`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, gpu_line, gpu_name, this_machine
from connectors.schemas.feature_sets import PAPER
from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from deploy.local.progress import Progress
from models.device import use_threads, why_no_gpu
from models.evaluation.judged import judge
from models.systems import SystemName
from models.training.config import TrainingConfig
from models.training.corpus import SPLITS, Corpus, LabelledPost
from models.training.learner import make_learner
from models.training.loop import Training
from models.training.sources import Source, with_sampled_train
from models.training.validation import Validation

SYSTEMS: Final[dict[SystemName, tuple[str, float]]] = {
    "tmsam": ("TMSAM", 1.61),
    "msa": ("MSA", 0.73),
    "absa": ("ABSA", 0.94),
    "lstm": ("LSTM", 1.17),
}
"""The systems by their name in the paper, and its S."""

POSTS_A_CONVERSATION: Final = 10
STEPS_A_POST: Final = 12
_SEED: Final = 3


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one pass over the posts.

    Attributes:
        seconds: median of the runs.
        runs: each of them.
    """

    seconds: float
    runs: Sequence[float]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One kind of pass on both devices.

    Attributes:
        cpu: on the CPU.
        gpu: on the GPU; None where there is none.
        ratio: S; None likewise.
    """

    cpu: Times
    gpu: Times | None
    ratio: float | None

    @classmethod
    def of(cls, seconds: Sequence[Sequence[float]]) -> "Ratio":
        """Of the runs on the CPU, and of those on the GPU where there are some."""
        times = [Times(round(median(own), 4), [round(each, 4) for each in own]) for own in seconds]
        if len(times) == 1:
            return cls(times[0], None, None)
        cpu, gpu = times
        return cls(cpu, gpu, round(cpu.seconds / gpu.seconds, 3))

    def cells(self) -> tuple[str, str, str]:
        """Both times and their ratio for a table."""
        return (
            f"{self.cpu.seconds:.2f}",
            "-" if self.gpu is None else f"{self.gpu.seconds:.2f}",
            "-" if self.ratio is None else f"{self.ratio:.2f}",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One system.

    Attributes:
        parameters: numbers that it learns.
        training: of an epoch.
        inference: of scoring the same posts.
        published: the paper's S of training, on a machine that it does not name.
    """

    system: str
    parameters: int
    training: Ratio
    inference: Ratio
    published: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, on what and where.

    Attributes:
        gpu: its name; None where there is none.
        no_gpu: why there is none; None where there is one.
        data: what was trained on.
        posts: of an epoch.
        threads: of torch on the CPU.
    """

    machine: Machine
    gpu: str | None
    no_gpu: str | None
    data: str
    posts: int
    threads: int
    rows: Sequence[Row]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"seconds of {self.posts:,} posts: {self.data}; {self.threads} threads",
            title_justify="left",
        )
        table.add_column("system")
        for column in (
            "parameters",
            "training CPU",
            "GPU",
            "S",
            "the paper's S",
            "inference CPU",
            "GPU",
            "S",
        ):
            table.add_column(column, justify="right")
        for row in self.rows:
            table.add_row(
                row.system,
                f"{row.parameters:,}",
                *row.training.cells(),
                f"{row.published:.2f}",
                *row.inference.cells(),
            )
        console.print(table)
        console.print(str(self.machine), highlight=False)
        console.print(gpu_line(self.gpu, self.no_gpu), highlight=False)


def synthetic_corpus(posts: int) -> Corpus:
    """Random posts in the form of the paper: all three modalities, 12 steps each, ten in a row.

    Args:
        posts: of the split `train`; `dev` and `test` have a conversation each.
    """
    generator = np.random.default_rng(_SEED)

    def post() -> LabelledPost:
        features = {
            name: generator.normal(size=(STEPS_A_POST, PAPER.widths[name])).astype(np.float32)
            for name in MODALITIES
        }
        sentiment, emotion = (int(generator.integers(len(own))) for own in (SENTIMENTS, EMOTIONS))
        return LabelledPost(features, sentiment, emotion)

    def conversations(count: int) -> list[list[LabelledPost]]:
        starts = range(0, count, POSTS_A_CONVERSATION)
        return [
            [post() for _ in range(min(POSTS_A_CONVERSATION, count - start))] for start in starts
        ]

    splits = dict(zip(SPLITS, map(conversations, (posts, 1, 1)), strict=True))
    text, audio, visual = (PAPER.widths[name] for name in MODALITIES)
    shapes = f"{STEPS_A_POST} steps of {text}, {audio} and {visual} numbers"
    name = f"random, {POSTS_A_CONVERSATION} a conversation, {shapes}"
    return Corpus(name, "none", splits, (text, audio, visual))


def run(corpus: Corpus, posts: int, runs: int, progress: Progress) -> Figures:
    """Time an epoch and a scoring of the split `train`, the systems in turn within each run.

    Args:
        corpus: with text features.
        posts: most of them that are taken, in whole conversations.
        runs: of each; one more before them is not counted.
        progress: told how far it is.
    """
    machine = this_machine()
    use_threads(None)
    no_gpu = why_no_gpu()
    corpus = with_sampled_train(corpus, posts, _SEED)
    jobs = [
        _Job(system, corpus, torch.device(device))
        for system in SYSTEMS
        for device in (("cpu",) if no_gpu else ("cpu", "cuda"))
    ]
    total = (runs + 1) * len(jobs)
    for number in range(runs + 1):
        for done, job in enumerate(jobs, start=number * len(jobs)):
            progress("Training and scoring", done, total)
            job.run(counted=number > 0)
    progress("Training and scoring", total, total)
    return Figures(
        machine=machine,
        gpu=gpu_name(),
        no_gpu=no_gpu,
        data=corpus.name,
        posts=sum(map(len, corpus.splits["train"])),
        threads=torch.get_num_threads(),
        rows=[_row(system, [job for job in jobs if job.system == system]) for system in SYSTEMS],
    )


class _Job:
    """One system on one device."""

    def __init__(self, system: SystemName, corpus: Corpus, device: torch.device) -> None:
        self.system = system
        self.training_s: list[float] = []
        self.inference_s: list[float] = []
        self._source = Source(corpus.name, corpus, weight=1.0, batch=32)
        self._config = _config(system)
        self._learner = make_learner(self._config, [self._source], device)

    @property
    def parameters(self) -> int:
        """Numbers that the system learns."""
        return sum(own.numel() for own in self._learner.system.parameters())

    def run(self, *, counted: bool) -> None:
        """Train for an epoch and score; the times are kept where they count."""
        training = Training(
            self._learner, [self._source], self._config, lambda _: Validation(0.0, {})
        )
        training_s = self._time(training.run)
        inference_s = self._time(
            lambda: judge(self._learner.system, self._source.corpus.splits["train"])
        )
        if counted:
            self.training_s.append(training_s)
            self.inference_s.append(inference_s)

    def _time(self, work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        if self._learner.system.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began


def _config(system: SystemName) -> TrainingConfig:
    """The paper's training (its Table III) for an epoch."""
    return TrainingConfig.model_validate(
        {
            "data": {"sources": [{"kind": "meld", "name": "timed"}]},
            "model": {"system": system, "preset": "paper"},
            "optimiser": {"gradient_norm": 0.0},
            "schedule": {"epochs": 1},
            "modality_dropout": {"audio_drop": 0.0, "text_drop": 0.0, "visual_noise": 0.0},
        }
    )


def _row(system: SystemName, jobs: Sequence[_Job]) -> Row:
    name, published = SYSTEMS[system]
    return Row(
        system=name,
        parameters=jobs[0].parameters,
        training=Ratio.of([job.training_s for job in jobs]),
        inference=Ratio.of([job.inference_s for job in jobs]),
        published=published,
    )
