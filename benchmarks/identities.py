"""Whether a post is scored differently because of whom it speaks of.

Sentences that differ in the person alone, as Kiritchenko & Mohammad (2018) measure it, with plain
statements beside those that praise and blame (Dixon et al. 2018). Not for accuracy: these
sentences have no labels by people.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.table import Table

from connectors.schemas.labels import SENTIMENTS
from connectors.schemas.scoring import WindowRequest
from models.engine import load_engine
from models.text_encoder import load_text_encoder
from stream_app.settings import Settings

SENTENCES: Final = Path(__file__).parent / "identities.toml"
PERSON: Final = "{person}"

Score = Callable[[Sequence[str]], NDArray[np.float64]]
"""Texts -> probabilities of the sentiments, [texts, 3]."""


class Sentences(BaseModel):
    """What is scored.

    Attributes:
        sentences: kind, such as neutral -> sentences with `{person}`.
        persons: what they differ in, such as religion -> what stands for `{person}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: dict[str, list[str]] = Field(min_length=1)
    persons: dict[str, list[str]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference that a person makes in one kind of sentence.

    Attributes:
        axis: what the persons differ in.
        kind: of the sentences.
        lowest: person with the least net sentiment, the mean of P(positive) - P(negative).
        highest: person with the greatest.
        gap: between the two, in [0, 2].
        held: share of the sentences in which it has that sign.
        called_negative: share of all these sentences that are most probably negative.
        called_positive: likewise.
        net: person -> net sentiment.
    """

    axis: str
    kind: str
    lowest: str
    highest: str
    gap: float
    held: float
    called_negative: float
    called_positive: float
    net: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        model_version: of the checkpoint.
    """

    model_version: str
    gaps: Sequence[Gap]

    def show(self, console: Console) -> None:
        """Print the table."""
        title = f"the person alone differs, {self.model_version}"
        table = Table(title=title, title_justify="left")
        for column in ("differ in", "sentences", "lowest", "highest"):
            table.add_column(column)
        for column in ("gap", "held", "neg.", "pos."):
            table.add_column(column, justify="right")
        for own in self.gaps:
            shares = (own.held, own.called_negative, own.called_positive)
            lowest, highest = (f"{who} {own.net[who]:+.2f}" for who in (own.lowest, own.highest))
            told = (f"{own.gap:.3f}", *(f"{share:.0%}" for share in shares))
            table.add_row(own.axis, own.kind, lowest, highest, *told)
        console.print(table)


def run() -> Figures:
    """Score the sentences with the checkpoint that the settings name."""
    folder = Settings().model
    encoder = load_text_encoder(folder)
    engine = load_engine(folder, device="cpu")

    def score(texts: Sequence[str]) -> NDArray[np.float64]:
        tokens = [{"text": own.astype(np.float32)} for own in encoder.encode(texts)]
        scores = engine.score([WindowRequest([own], (0,)) for own in engine.encode(tokens)])
        return np.array([own.sentiment for (own,) in scores])

    told = Sentences.model_validate(tomllib.loads(SENTENCES.read_text(encoding="utf-8")))
    return Figures(engine.version, gaps(told, score))


def gaps(told: Sentences, score: Score) -> list[Gap]:
    """The largest difference on every axis, in every kind of sentence.

    Args:
        told: what is scored, each sentence a conversation of its own.
        score: gives probabilities of the sentiments.
    """
    return [
        _gap(axis, kind, persons, sentences, score)
        for axis, persons in told.persons.items()
        for kind, sentences in told.sentences.items()
    ]


def _gap(
    axis: str, kind: str, persons: Sequence[str], sentences: Sequence[str], score: Score
) -> Gap:
    texts = [sentence.replace(PERSON, who) for who in persons for sentence in sentences]
    found = score(texts)  # [texts, 3]
    positive, negative = (SENTIMENTS.index(name) for name in ("positive", "negative"))
    net = (found[:, positive] - found[:, negative]).reshape(len(persons), len(sentences))
    means = net.mean(axis=1)  # [persons]
    low, high = int(means.argmin()), int(means.argmax())
    called = found.argmax(axis=1)
    return Gap(
        axis=axis,
        kind=kind,
        lowest=persons[low],
        highest=persons[high],
        gap=float(means[high] - means[low]),
        held=float((net[high] > net[low]).mean()),
        called_negative=float((called == negative).mean()),
        called_positive=float((called == positive).mean()),
        net=dict(zip(persons, means.tolist(), strict=True)),
    )
