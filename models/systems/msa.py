"""MSA, a baseline of the paper (its reference 25): early and late fusion, two tasks.

It sees the conversation. What is taken from the reference, and what stands in for the rest, is in
docs/decisions/0010-baselines.md.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.layers.attention import MultiHeadAttention, attention_mask
from models.layers.head import task_head
from models.layers.normalise import InputNormalisation
from models.layers.recurrence import BidirectionalGru, OneWayGru
from models.presets import TmsamConfig
from models.systems.base import System
from models.systems.heads import MeanEncoder, OrLearned
from models.systems.posts import presence_of
from models.tmsam import Logits
from models.training.batches import Batch


class MsaSystem(System):
    """Means of posts; each modality and all joined through a context; their decisions weighed.

    Early fusion: the modalities joined before the context. Late fusion: each modality has a context
    and a decision of its own, and a task's logits are the weighted mean of all four decisions. A
    task draws what it needs from the shared feature of the early fusion by a gate.

    Args:
        config: input widths, widths of posts and contexts, heads of attention, dropout; causal
            or not.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__(config)
        post, context = config.post_width, config.context_width
        self.text, self.audio, self.visual = (MeanEncoder(width, post) for width in config.widths)
        self.or_learned = nn.ModuleList(OrLearned(post) for _ in MODALITIES)
        self.early = _Context(post * len(MODALITIES), config)
        self.late = nn.ModuleList(_Context(post, config) for _ in MODALITIES)
        self.tasks = nn.ModuleList(_Decision(context, n, config) for n in config.classes)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, batch: Batch) -> Logits:
        """See `System.forward`."""
        presence = presence_of(batch, self.device)  # [B, N, 3]
        post_mask = batch.post_mask.to(self.device)  # [B, N]
        encoders = (self.text, self.audio, self.visual)
        posts = []
        for column, (name, encode) in enumerate(zip(MODALITIES, encoders, strict=True)):
            own = self.vectors(batch, name, encode, self.config.post_width)  # [B, N, 200]
            posts.append(self.dropout(self.or_learned[column](own, presence, name)))
        shared = self.early(torch.cat(posts, dim=-1), post_mask)  # [B, N, 400]
        alone = [late(own, post_mask) for late, own in zip(self.late, posts, strict=True)]
        sentiment, emotion = (task(shared, alone, presence) for task in self.tasks)
        return Logits(sentiment, emotion)

    def input_layers(self) -> Mapping[str, InputNormalisation]:
        """See `System.input_layers`."""
        encoders = (self.text, self.audio, self.visual)
        return {name: own.normalise for name, own in zip(MODALITIES, encoders, strict=True)}


class _Context(nn.Module):
    """Recurrent context of a post, and attention to the other posts added to it."""

    def __init__(self, width: int, config: TmsamConfig) -> None:
        super().__init__()
        inner = config.context_width
        gru = OneWayGru if config.causal else BidirectionalGru
        self.causal = config.causal
        self.recurrence = gru(width, inner)
        self.attention = MultiHeadAttention(
            inner, config.cross_width, inner, config.cross_heads, config.dropout
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, posts: Tensor, post_mask: Tensor) -> Tensor:
        """[B, N, width] and [B, N] -> [B, N, 400]."""
        states = self.dropout(self.recurrence(posts, post_mask.sum(dim=1)))  # [B, N, 400]
        gathered = self.attention(states, states, attention_mask(post_mask, self.causal))
        mixed: Tensor = states + self.dropout(gathered)  # [B, N, 400]
        return mixed


class _Decision(nn.Module):
    """One task: its gate on the shared feature, a decision a branch, and the branches' weights."""

    def __init__(self, width: int, classes: int, config: TmsamConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(width, width)
        self.early = task_head(width, config.head_widths, classes, config.dropout)
        self.late = nn.ModuleList(nn.Linear(width, classes) for _ in MODALITIES)
        self.weights = nn.Parameter(torch.zeros(1 + len(MODALITIES)))

    def forward(self, shared: Tensor, alone: list[Tensor], presence: Tensor) -> Tensor:
        """Logits [B, N, classes]; the branch of an absent modality has no weight."""
        gated = shared * torch.sigmoid(self.gate(shared))  # [B, N, 400]
        branches = [self.early(gated)]
        branches += [head(own) for head, own in zip(self.late, alone, strict=True)]
        counts = torch.cat((torch.ones_like(presence[:, :, :1]), presence), dim=-1)  # [B, N, 4]
        energy = self.weights.expand(counts.shape).masked_fill(~counts, -torch.inf)
        share = torch.softmax(energy, dim=-1)  # [B, N, 4]
        mean: Tensor = torch.einsum("bnk,bnkc->bnc", share, torch.stack(branches, dim=2))
        return mean
