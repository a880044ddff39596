"""Labelled posts with random features for the systems."""

from collections.abc import Mapping

import numpy as np

from connectors.schemas.feature_sets import DEFAULT
from models.systems.posts import Edges
from models.training.corpus import LabelledPost
from tests.unit.models.small_networks import post

STEPS: Mapping[str, int] = {"text": 6, "audio": 1, "visual": 3}
WIDTHS = (DEFAULT.widths["text"], DEFAULT.widths["audio"], DEFAULT.widths["visual"])
STAR: Edges = np.array([(2, step) for step in (0, 1, 3, 4, 5)], np.int16)


def labelled(seed: int, edges: Edges | None = None, /, **steps: int) -> LabelledPost:
    features = post(np.random.default_rng(seed), **(steps or STEPS))
    return LabelledPost(features, seed % 3, seed % 7, edges=edges)
