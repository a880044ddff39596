"""The interface that training and judging know: a batch of conversations in, logits out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.layers.normalise import InputNormalisation
from models.presets import TmsamConfig
from models.systems.posts import PostEncoder, check_widths, encode_posts
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

    def vectors(
        self,
        batch: Batch,
        modality: str,
        encode: PostEncoder,
        width: int,
        graph: bool = False,
    ) -> Tensor:
        """The vectors of all posts in one modality.

        Args:
            batch: B conversations of at most N posts.
            modality: which of the posts' tensors.
            encode: post encoder of that modality.
            width: D, numbers that the encoder gives a post.
            graph: give the encoder the posts' dependency edges; neighbouring tokens are joined in
                posts without edges.

        Returns:
            [B, N, D], zeros for posts without the modality and for padding.

        Raises:
            ModelError: a tensor is not as wide as the configuration says, or an edge names a
                token that its post does not have.
        """
        check_widths(batch, modality, self.config.widths[MODALITIES.index(modality)])
        return encode_posts(batch, modality, encode, width, self.device, graph)

    @property
    def device(self) -> torch.device:
        """Where the weights are; inputs are moved there."""
        return next(self.parameters()).device
