"""What the benchmark of identities makes of a model's answers."""

import tomllib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.identities import PERSON, SENTENCES, Figures, Sentences, gaps


def test_every_sentence_has_a_place_for_the_person_and_persons_differ() -> None:
    told = Sentences.model_validate(tomllib.loads(SENTENCES.read_text(encoding="utf-8")))
    assert set(told.sentences) == {"neutral", "positive", "negative"}
    for sentences in told.sentences.values():
        assert all(own.count(PERSON) == 1 for own in sentences)
    for persons in told.persons.values():
        assert len(set(persons)) == len(persons) >= 2


def test_a_model_that_dislikes_a_person_is_found_out() -> None:
    def score(texts: Sequence[str]) -> NDArray[np.float64]:
        harsh, mild = (0.6, 0.3, 0.1), (0.1, 0.5, 0.4)
        return np.array([harsh if "cats" in text and "two" not in text else mild for text in texts])

    told = Sentences(
        sentences={"neutral": ["My {person} sit.", "My two {person} sit."]},
        persons={"animal": ["dogs", "cats"]},
    )
    (gap,) = gaps(told, score)
    assert (gap.lowest, gap.highest) == ("cats", "dogs")
    assert gap.gap == pytest.approx(0.3 - (-0.5 + 0.3) / 2)
    assert gap.held == 0.5
    assert (gap.called_negative, gap.called_positive) == (0.25, 0.0)
    console = Console(record=True, width=140)
    Figures("own+0a1b2c3d", [gap]).show(console)
    shown = console.export_text()
    assert all(part in shown for part in ("own+0a1b2c3d", "cats -0.10", "dogs +0.30", "0.400"))
