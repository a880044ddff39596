"""What the baselines share: the vector of an absent modality, and two heads over one feature."""

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.layers.head import task_head
from models.layers.normalise import InputNormalisation
from models.layers.pooling import masked_mean
from models.presets import TmsamConfig
from models.tmsam import Logits


class MeanEncoder(nn.Module):
    """The mean of a post's steps through a dense layer and ReLU.

    Args:
        width: numbers per step.
        out_width: D, numbers a post.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.normalise = InputNormalisation(width)
        self.dense = nn.Linear(width, out_width)

    def forward(self, steps: Tensor, mask: Tensor, graph: Tensor | None = None) -> Tensor:  # noqa: ARG002 - a `PostEncoder`
        """[P, L, width] and [P, L] -> [P, D]."""
        return torch.relu(self.dense(masked_mean(self.normalise(steps, mask), mask)))


class OrLearned(nn.Module):
    """A learned vector where a post lacks a modality.

    Args:
        width: D, numbers of a post in that modality.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.missing = nn.Parameter(torch.randn(width) * 0.1)

    def forward(self, vectors: Tensor, presence: Tensor, modality: str) -> Tensor:
        """[B, N, D] and [B, N, 3] of bool -> [B, N, D]."""
        own = presence[:, :, MODALITIES.index(modality), None]  # [B, N, 1]
        return torch.where(own, vectors, self.missing)


class TaskHeads(nn.Module):
    """A head for each task over the same feature, as large as TMSAM's.

    Args:
        width: D, numbers of a post.
        config: widths of the heads and their dropout.
    """

    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.tasks = nn.ModuleList(
            task_head(width, config.head_widths, classes, config.dropout)
            for classes in config.classes
        )

    def forward(self, feature: Tensor) -> Logits:
        """[B, N, D] -> logits [B, N, classes] of both tasks."""
        dropped = self.dropout(feature)
        sentiment, emotion = (task(dropped) for task in self.tasks)
        return Logits(sentiment, emotion)
