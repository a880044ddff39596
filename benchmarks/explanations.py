"""Whether explanations are true of the model: deletion curves on the posts of labelled data.

Labels are not read: what is explained is the model's own most probable one. Not for speed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features, WindowRequest
from deploy.local.progress import Progress
from models.engine import Engine
from models.errors import TrainingDataError
from models.explanation.explainer import Explainer, load_explainer, shapley_parts
from models.explanation.explanation import Part
from models.explanation.faithfulness import Deletion, Faithfulness, delete, summarise
from models.explanation.games import Encoder
from models.explanation.oracle import LABELS, Question, Task
from models.explanation.shapley import Game, Mask, shares
from models.explanation.subject import Subject, make_subject
from models.explanation.window import PostWindow
from models.training.corpus import Conversation, Corpus, LabelledPost
from stream_app.settings import Settings

LEAST_WORDS: Final = 3
LEAST_EARLIER: Final = 2
LEAST_TO_RANK: Final = 10
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class PartFigures:
    """How faithful the values of the words, or of the posts before, are for one task."""

    part: Part
    task: Task
    faithfulness: Faithfulness


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the cheap modality shares of a prediction are from Shapley's, mean of both tasks.

    Attributes:
        posts: with text and another modality.
        text_share: mean share of the text by Shapley values.
        rank_correlation: of the text's share, between both; Spearman's.
        mean_difference: absolute, of the text's share.
    """

    posts: int
    text_share: float
    rank_correlation: float
    mean_difference: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and on what."""

    machine: Machine
    model: str
    data: str
    posts: int
    parts: Sequence[PartFigures]
    modalities: Agreement | None

    def show(self, console: Console) -> None:
        """Print the table."""
        title = f"fall of the label's probability, area by fraction deleted; {self.model}"
        table = Table(title=title, title_justify="left")
        for column in ("deleted", "task", "posts", "highest first", "random", "lowest first"):
            table.add_column(column, justify="right")
        table.add_column("above random (95 %)", justify="right")
        for own in self.parts:
            found = own.faithfulness
            low, high = found.interval
            areas = (found.highest_first.area, found.random.area, found.lowest_first.area)
            table.add_row(
                own.part,
                own.task,
                str(found.posts),
                *(f"{area:.3f}" for area in areas),
                f"{found.above_random:.3f} ({low:.3f} to {high:.3f})",
            )
        console.print(table)
        if self.modalities is not None:
            own_share = self.modalities
            console.print(
                f"share of the text, {own_share.posts} posts with another modality: cheap against "
                f"exact, rank correlation {own_share.rank_correlation:.2f}, mean difference "
                f"{own_share.mean_difference:.3f}; mean share {own_share.text_share:.3f}",
                highlight=False,
            )


@dataclass(frozen=True, slots=True)
class _Chosen:
    features: Sequence[Features]  # of the window, the post itself last
    text: str


def run(corpus: Corpus, split: str, posts: int, progress: Progress) -> Figures:
    """Explain posts drawn at random and delete what carried them.

    Args:
        corpus: with the texts of its posts.
        split: that posts are drawn from.
        posts: at most so many.
        progress: told how far it is.

    Raises:
        TrainingDataError: no such split, or no post has a text of three words or two posts before
            it.
    """
    name = f"{corpus.name} {split}"
    if not corpus.splits.get(split):
        raise TrainingDataError(f"{corpus.name} has no split {split}: {', '.join(corpus.splits)}")
    machine = this_machine()
    settings = Settings()
    explainer = load_explainer(settings.model, settings.device)
    engine = settings.load_engine()
    deletions: dict[tuple[Part, Task], list[Deletion]] = {}
    pairs = []
    chosen = _choose(corpus.splits[split], posts, settings.window, explainer.encoder)
    for done, own in enumerate(chosen):
        progress("Explaining", done, len(chosen))
        subject = make_subject(
            explainer.oracle, explainer.encoder, explainer.oracle.window(own.features), own.text
        )
        exact = []
        for task in LABELS:
            question = _predicted(explainer, subject, task)
            values = shapley_parts(subject, explainer.oracle, question)
            exact.append(_by_modality(subject, values["modalities"]))
            for part, deletion in _deleted(explainer, subject, question, values):
                deletions.setdefault((part, task), []).append(deletion)
        if subject.players["modalities"] > 1 and "text" in own.features[-1]:
            pairs.append((_cheap(engine, own)[0], float(np.mean(exact, axis=0)[0])))
    progress("Explaining", len(chosen), len(chosen))
    if not deletions:
        raise TrainingDataError(f"{name}: no post has {LEAST_WORDS} words or a conversation before")
    parts = [
        PartFigures(part, task, summarise(own, np.random.default_rng(_SEED)))
        for (part, task), own in sorted(deletions.items())
    ]
    return Figures(machine, engine.version, name, len(chosen), parts, _agreement(pairs))


def _choose(
    conversations: Sequence[Conversation], posts: int, window: int, encoder: Encoder
) -> list[_Chosen]:
    """Posts drawn without regard to what is in them, in the data's order."""
    places = [(own, place) for own in conversations for place in range(len(own))]
    drawn = np.random.default_rng(_SEED).permutation(len(places))[:posts]
    kept = [places[index] for index in sorted(drawn.tolist())]
    windows = [own[max(0, place + 1 - window) : place + 1] for own, place in kept]
    texts = list({post.text: None for own in windows for post in own if _needs_text(post)})
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    return [
        _Chosen(
            [
                {name: steps.astype(np.float32) for name, steps in post.features.items()}
                | ({"text": vectors[post.text].astype(np.float32)} if _needs_text(post) else {})
                for post in own
            ],
            own[-1].text,
        )
        for own in windows
    ]


def _deleted(
    explainer: Explainer,
    subject: Subject,
    question: Question,
    values: dict[Part, NDArray[np.float64]],
) -> Iterator[tuple[Part, Deletion]]:
    def worth(windows: Sequence[PostWindow]) -> NDArray[np.float64]:
        return explainer.oracle.probability(question, windows)

    if "words" in values and len(values["words"]) >= LEAST_WORDS:
        game = subject.game("words", worth)
        yield "words", delete(game, values["words"], np.random.default_rng(_SEED))
    earlier = values["posts"][:-1]
    if len(earlier) >= LEAST_EARLIER:
        game = _with_last(subject.game("posts", worth))
        yield "posts", delete(game, earlier, np.random.default_rng(_SEED))


def _with_last(game: Game) -> Game:
    """The game of the posts before: the post itself is always in."""

    def with_last(coalitions: Mask) -> NDArray[np.float64]:
        return game(np.column_stack((coalitions, np.ones(len(coalitions), np.bool_))))

    return with_last


def _predicted(explainer: Explainer, subject: Subject, task: Task) -> Question:
    odds = explainer.oracle.probabilities(task, [subject.window])[0]  # [classes]
    return Question(task, LABELS[task][int(odds.argmax())])


def _by_modality(subject: Subject, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of all three modalities, [3]."""
    found = np.zeros(len(MODALITIES))
    found[subject.window.presence[-1]] = shares(values)
    return found


def _cheap(engine: Engine, own: _Chosen) -> tuple[float, ...]:
    """The modality shares of the post's prediction, [3]."""
    records = engine.encode(own.features)
    ((score,),) = engine.score([WindowRequest(records, (len(records) - 1,))])
    return score.modalities


def _agreement(pairs: Sequence[tuple[float, float]]) -> Agreement | None:
    """Agreement of (cheap, exact) shares; None for too few posts to rank."""
    if len(pairs) < LEAST_TO_RANK:
        return None
    cheap, exact = np.array(pairs).T
    return Agreement(
        len(pairs),
        float(exact.mean()),
        float(np.corrcoef(_ranks(cheap), _ranks(exact))[0, 1]),
        float(np.abs(cheap - exact).mean()),
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, those of equal values their mean (Spearman 1904)."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles: NDArray[np.float64] = counts.cumsum() - (counts - 1) / 2
    return middles[place]


def _needs_text(post: LabelledPost) -> bool:
    return "text" not in post.features and bool(post.text.strip())
