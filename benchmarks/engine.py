"""How many posts a second the model scores by itself: no Kafka, no Redis, no event loop.

Each post is new: it is encoded, joins a conversation's window and is scored there. Not for the
way to the model: that is `pipeline`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from connectors.schemas.scoring import Features, WindowRequest
from deploy.local.progress import Progress
from models.engine import Engine, load_engine
from stream_app.settings import Settings

WINDOWS = (8, 32)
BATCHES = (1, 64)
BATCH_ONE_SHARE = 8  # single posts are slow: an eighth of the posts says as much


@dataclass(frozen=True, slots=True)
class Measurement:
    """One combination.

    Attributes:
        window: posts in each window, the scored one included.
        batch: windows scored at once, each of another conversation.
        posts_per_s: median of the runs.
        runs: posts a second of each run.
    """

    window: int
    batch: int
    posts_per_s: float
    runs: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where."""

    machine: Machine
    model: str
    posts: int
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"model alone, {self.model}", title_justify="left")
        for column in ("posts in the window", "windows at once", "posts/s, median", "runs"):
            table.add_column(column, justify="right")
        for each in self.measurements:
            runs = ", ".join(f"{rate:.0f}" for rate in each.runs)
            table.add_row(str(each.window), str(each.batch), f"{each.posts_per_s:.1f}", runs)
        console.print(table)
        console.print(str(self.machine), highlight=False)


def run(posts: int, runs: int, progress: Progress) -> Figures:
    """Measure every combination.

    Args:
        posts: scored in each run; with single posts an eighth of that.
        runs: of each combination.
        progress: told how far it is.
    """
    machine = this_machine()
    settings = Settings()
    engine = load_engine(settings.model, settings.device)
    features = [each.post.features for each in simulated_posts(max(posts, 64), progress)]
    context = engine.encode(features[: max(WINDOWS) - 1])
    measured = []
    combinations = [(window, batch) for window in WINDOWS for batch in BATCHES]
    for done, (window, batch) in enumerate(combinations):
        progress("Scoring", done, len(combinations))
        count = posts if batch > 1 else max(1, posts // BATCH_ONE_SHARE)
        before = context[: window - 1]
        _score(engine, before, features[:batch], batch)
        rates = [_score(engine, before, features[:count], batch) for _ in range(runs)]
        measured.append(Measurement(window, batch, round(median(rates), 1), rates))
    progress("Scoring", len(combinations), len(combinations))
    return Figures(machine, engine.version, posts, measured)


def _score(
    engine: Engine, context: Sequence[bytes], posts: Sequence[Features], batch: int
) -> float:
    """Posts a second for encoding posts and scoring each at the end of a window."""
    began = time.perf_counter()
    for start in range(0, len(posts), batch):
        records = engine.encode(posts[start : start + batch])
        engine.score([WindowRequest([*context, record], (len(context),)) for record in records])
    return round(len(posts) / (time.perf_counter() - began), 1)
