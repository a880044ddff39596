"""The interface that training and judging know: a batch of conversations in, logits out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from models.layers.normalise import InputNormalisation
from models.presets import TmsamConfig
from models.tmsam import Logits
from models.training.batches import Batch
from models.training.corpus import Conversation, feature_statistics


class System(nn.Module, ABC):
    """A model of posts in conversations with a head for each task.

    Args:
        config: sizes, input widths and form; a system reads of it what applies to it.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, batch: Batch) -> Logits:
        """Scores of every post.

        Args:
            batch: B conversations of at most N posts.

        Returns:
            Logits [B, N, classes] on the system's device; rows of padded posts mean nothing.

        Raises:
            ModelError: features are not as wide as the configuration says.
        """

    @abstractmethod
    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """Modality -> the layer that normalises its input; only modalities that it reads."""

    def fit_inputs(self, conversations: Sequence[Conversation]) -> None:
        """Set the input statistics; a modality that no post has passes as it is.

        Args:
            conversations: of the training split, without NaN.
        """
        for modality, layer in self.input_layers().items():
            statistics = feature_statistics(conversations, modality)
            if statistics is not None:
                layer.fit(*map(torch.from_numpy, statistics))

    @property
    def device(self) -> torch.device:
        """Where the weights are; inputs are moved there."""
        return next(self.parameters()).device
