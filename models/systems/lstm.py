"""LSTM, a baseline of the paper (its reference 14): BiLSTM over the text, audio and visual joined.

It sees each post alone. What is taken from the reference, and how many layers, is in
docs/decisions/0010-baselines.md.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.layers.normalise import InputNormalisation
from models.layers.pooling import AttentionPooling
from models.layers.recurrence import BidirectionalLstm
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.heads import MeanEncoder, OrLearned, TaskHeads
from models.systems.posts import presence_of
from models.tmsam import Logits
from models.training.batches import Batch


class LstmSystem(System):
    """BiLSTM over token vectors, attention pooling; the means of audio and visual beside it.

    Args:
        config: input widths, width of the states (`context_width`) and of audio and visual
            (`post_width`), heads and dropout.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__(config)
        text, audio, visual = config.widths
        self.widths = (config.context_width, config.post_width, config.post_width)
        self.text = _TextEncoder(text, config)
        self.audio = MeanEncoder(audio, config.post_width)
        self.visual = MeanEncoder(visual, config.post_width)
        self.or_learned = nn.ModuleList(map(OrLearned, self.widths))
        self.heads = TaskHeads(sum(self.widths), config)

    def forward(self, batch: Batch) -> Logits:
        """See `System.forward`."""
        presence = presence_of(batch, self.device)  # [B, N, 3]
        encoders = (self.text, self.audio, self.visual)
        parts = []
        for column, (name, encode) in enumerate(zip(MODALITIES, encoders, strict=True)):
            own = self.vectors(batch, name, encode, self.widths[column])  # [B, N, width]
            parts.append(self.or_learned[column](own, presence, name))
        logits: Logits = self.heads(torch.cat(parts, dim=-1))
        return logits

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """See `System.input_layers`."""
        layers = (self.text.normalise, self.audio.normalise, self.visual.normalise)
        return dict(zip(MODALITIES, layers, strict=True))


class _TextEncoder(nn.Module):
    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__()
        inner = config.context_width
        self.normalise = InputNormalisation(width)
        self.recurrence = BidirectionalLstm(width, inner)
        self.pooling = AttentionPooling(inner)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, steps: Tensor, mask: Tensor, adjacency: Tensor | None) -> Tensor:  # noqa: ARG002 - a `PostEncoder`
        """[P, L, width] and [P, L] -> [P, 400]."""
        scaled = self.dropout(self.normalise(steps, mask))  # [P, L, width]
        states = self.recurrence(scaled, mask.sum(dim=1))  # [P, L, 400]
        pooled: Tensor = self.pooling(states, mask)  # [P, 400]
        return pooled
