"""The network of `models.tmsam` behind the interface of the systems."""

from collections.abc import Mapping

import torch
from torch import Tensor

from connectors.schemas.labels import MODALITIES
from models.layers.normalise import InputNormalisation
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.posts import presence_of
from models.tmsam import Fused, Logits, Tmsam
from models.training.batches import Batch


class TmsamSystem(System):
    """TMSAM over whole conversations; `network` is what a checkpoint keeps.

    Args:
        config: of the network. With `text_graph` "dependencies" the text's graph convolutions
            run over the edges of the posts that have some.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__(config)
        self.network = Tmsam(config)

    def forward(self, batch: Batch) -> Logits:
        """See `System.forward`."""
        return self.network.classify(self.fuse(batch).fusion)

    def fuse(self, batch: Batch) -> Fused:
        """The fusion feature of every post, [B, N, 1200] each before and after the fusion."""
        vectors = torch.stack([self._encode(batch, name) for name in MODALITIES], dim=2)
        presence = presence_of(batch, self.device)  # [B, N, 3]
        return self.network.fuse(vectors, presence, batch.post_mask.to(self.device))

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """See `System.input_layers`."""
        network = self.network
        encoders = (network.text, network.audio, network.visual)
        return {name: own.normalise for name, own in zip(MODALITIES, encoders, strict=True)}

    def _encode(self, batch: Batch, modality: str) -> Tensor:
        def encode(steps: Tensor, mask: Tensor, adjacency: Tensor | None) -> Tensor:
            return self.network.encode(modality, steps, mask, adjacency)  # [P, post]

        graph = modality == "text" and self.config.text_graph == "dependencies"
        return self.vectors(batch, modality, encode, self.config.post_width, graph)
