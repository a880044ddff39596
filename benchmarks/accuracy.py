"""Whether engines say what the reference says: weighted F1 of each, on the same labelled posts.

Conversations are scored as a worker does it, every post in its window. Not for how good the model
is: `voxpop evaluate` judges that.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.engine import engines_by_name
from benchmarks.machine import Machine, this_machine
from connectors.schemas.scoring import Score
from deploy.local.progress import Progress
from models.engine import Engine
from models.evaluation.judged import CLASSES
from models.evaluation.metrics import measures
from models.text_encoder import load_text_encoder
from models.training.corpus import NO_LABEL, Conversation, Corpus
from models.training.featurise import featuriser
from stream_app.core.windows import ConversationKey, Window
from stream_app.settings import Settings

SPLITS: Final = ("dev", "test")
_CONVERSATIONS_A_CALL: Final = 16


@dataclass(frozen=True, slots=True)
class Row:
    """One engine on one split.

    Attributes:
        sentiment, emotion: weighted F1, per cent.
        agree: share of posts that get the first engine's labels, both tasks.
        furthest: largest difference of a probability from the first engine's.
    """

    engine: str
    window: int
    split: str
    posts: int
    sentiment: float
    emotion: float
    agree: float
    furthest: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and data."""

    machine: Machine
    model: str
    data: str
    rows: Sequence[Row]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"{self.model} on {self.data}, weighted F1", title_justify="left")
        for column in ("split", "engine", "window"):
            table.add_column(column)
        for column in ("sentiment", "emotion", "same labels", "furthest"):
            table.add_column(column, justify="right")
        for row in self.rows:
            table.add_row(
                row.split,
                row.engine,
                str(row.window),
                f"{row.sentiment:.2f}",
                f"{row.emotion:.2f}",
                f"{row.agree:.4f}",
                f"{row.furthest:.4f}",
            )
        console.print(table)


def run(corpus: Corpus, windows: Sequence[int], cache: Path, progress: Progress) -> Figures:
    """Score a data set's `dev` and `test` with every engine, and the first also in other windows.

    Args:
        corpus: as its reader gives it.
        windows: most posts in a window; the first is that of the comparison.
        cache: folder where text features are kept.
        progress: told how far it is.
    """
    machine = this_machine()
    settings = Settings().model_copy(update={"window": max(windows)})
    engines = {name: make() for name, make in engines_by_name(settings).items()}
    first = next(iter(engines))
    featurise = featuriser(cache, progress, lambda: load_text_encoder(settings.model))
    splits = featurise(corpus).splits
    planned = [(name, windows[0]) for name in engines] + [(first, own) for own in windows[1:]]
    rows = []
    for split in SPLITS:
        reference: list[Score] = []
        for done, (name, window) in enumerate(planned):
            progress(f"Scoring {split}", done, len(planned))
            scores = _scores(engines[name], splits[split], window)
            reference = reference or scores
            rows.append(_row(name, window, split, splits[split], scores, reference))
        progress(f"Scoring {split}", len(planned), len(planned))
    return Figures(machine, engines[first].version, corpus.name, rows)


def _scores(engine: Engine, conversations: Sequence[Conversation], window: int) -> list[Score]:
    scores: list[Score] = []
    numbered = list(enumerate(conversations))
    for start in range(0, len(numbered), _CONVERSATIONS_A_CALL):
        group = numbered[start : start + _CONVERSATIONS_A_CALL]
        posts = [post for _, own in group for post in own]
        records = iter(
            engine.encode(
                [
                    {name: np.asarray(steps, np.float32) for name, steps in post.features.items()}
                    for post in posts
                ]
            )
        )
        requests = []
        for number, own in group:
            new = [next(records) for _ in own]
            requests += Window(0, ()).requests(new, window, ConversationKey(0, f"c{number}"))
        scores += itertools.chain.from_iterable(engine.score(requests))
    return scores


def _row(
    engine: str,
    window: int,
    split: str,
    conversations: Sequence[Conversation],
    scores: Sequence[Score],
    reference: Sequence[Score],
) -> Row:
    posts = [post for own in conversations for post in own]
    found = {}
    for task, classes in CLASSES.items():
        probabilities = np.array([getattr(score, task) for score in scores])
        labels = np.array([getattr(post, task) for post in posts])
        known = labels != NO_LABEL
        own = measures(labels[known], probabilities[known].argmax(axis=1), len(classes))
        found[task] = round(100 * own["weighted_f1"], 3)
    ours, theirs = (
        np.array([[*score.sentiment, *score.emotion] for score in each])
        for each in (scores, reference)
    )
    same = (ours[:, :3].argmax(1) == theirs[:, :3].argmax(1)) & (
        ours[:, 3:].argmax(1) == theirs[:, 3:].argmax(1)
    )
    return Row(
        engine=engine,
        window=window,
        split=split,
        posts=len(posts),
        sentiment=found["sentiment"],
        emotion=found["emotion"],
        agree=round(float(same.mean()), 5),
        furthest=round(float(np.abs(ours - theirs).max()), 5),
    )
