"""A system whose logits tell what it was given: no weights to learn, and right by construction."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from models.layers.normalise import InputNormalisation
from models.systems.base import System
from models.tmsam import Logits
from models.training.batches import Batch
from models.training.corpus import Conversation, LabelledPost
from tests.unit.models.small_networks import tiny

WIDTHS = {"text": 384, "audio": 8, "visual": 35}


class TelltaleSystem(System):
    """The modalities of a post vote: each for the class whose number its features hold."""

    def __init__(self) -> None:
        super().__init__(tiny("stream"))
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch) -> Logits:
        rows, count = batch.post_mask.shape
        sentiment, emotion = torch.zeros(rows, count, 3), torch.zeros(rows, count, 7)
        for row, posts in enumerate(batch.features):
            for place, post in enumerate(posts):
                for steps in post.values():
                    vote = int(steps[0, 0])
                    sentiment[row, place, vote % 3] += self.weight
                    emotion[row, place, vote] += self.weight
        return Logits(sentiment, emotion)

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        return {}


def voting(sentiment: int, emotion: int, group: str = "", **votes: int) -> LabelledPost:
    """A post whose modalities vote for classes."""
    features = {
        name: np.full((1, WIDTHS[name]), float(vote), np.float32) for name, vote in votes.items()
    }
    return LabelledPost(features, sentiment, emotion, group=group)


def honest(labels: Sequence[int]) -> Conversation:
    """A conversation of posts that tell their label by text."""
    return [voting(label, label, text=label) for label in labels]
