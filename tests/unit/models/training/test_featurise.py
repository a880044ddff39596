"""What a configuration's system reads is what a run makes of its texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.systems import SystemName
from models.training import featurise
from models.training.corpus import Corpus, LabelledPost
from models.training.featurise import configured_featuriser
from tests.unit.models.training.toy import TINY, LengthEncoder, toy_config


def parsed(corpus: Corpus, *_: object) -> Corpus:
    """The corpus as if every text had been parsed."""
    edges = np.array([[0, 1]], np.int16)
    return replace(
        corpus,
        splits={
            name: [[replace(post, edges=edges) for post in posts] for posts in own]
            for name, own in corpus.splits.items()
        },
    )


@pytest.mark.parametrize(
    ("system", "text_graph", "trees"),
    [
        ("absa", "chain", True),
        ("absa", "dependencies", True),
        ("tmsam", "chain", False),
        ("tmsam", "dependencies", True),
        ("lstm", "dependencies", False),
    ],
)
def test_texts_are_parsed_for_the_systems_that_read_trees(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: SystemName,
    text_graph: str,
    trees: bool,
) -> None:
    monkeypatch.setattr(featurise, "load_base_encoder", LengthEncoder)
    monkeypatch.setattr(featurise, "with_dependencies", parsed)
    monkeypatch.setattr(featurise, "_word_pieces", lambda _: None)
    config = toy_config(model={"system": system, "text_graph": text_graph, "sizes": TINY})
    corpus = Corpus("toy", "none", {"train": [[LabelledPost({}, 0, 0, text="hello")]]})
    made = configured_featuriser(config, tmp_path, lambda *_: None)(corpus)
    ((post,),) = made.splits["train"]
    assert post.features["text"].shape == (2, 384)
    assert (post.edges is not None) is trees
