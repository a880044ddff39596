"""The network: temporal multi-modal sentiment analysis by multitask learning (He & Lu).

Sizes come from `models.presets`. Not for reading weights (`models.checkpoint`), batching and
serving (`models.engine`) or training (`models.training`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from connectors.schemas.labels import MODALITIES
from models.errors import ModelError
from models.layers.attention import MultiHeadAttention, attention_mask
from models.layers.head import task_head
from models.layers.recurrence import BidirectionalGru, OneWayGru
from models.post_encoder import StepsEncoder, TextEncoderBranch
from models.presets import TmsamConfig


@dataclass(frozen=True, slots=True)
class TmsamInputs:
    """A batch of windows, padded (step 1).

    Attributes:
        features: text, audio, visual, each [B, N, L, width].
        masks: token masks, each [B, N, L], True for a prefix of real steps.
        presence: [B, N, 3], True where a post has the modality.
        post_mask: [B, N], True for a prefix of real posts, at least one a row.
        adjacency: [B, N, Lt, Lt] over the tokens of the text; None: neighbouring tokens.
    """

    features: tuple[Tensor, Tensor, Tensor]
    masks: tuple[Tensor, Tensor, Tensor]
    presence: Tensor
    post_mask: Tensor
    adjacency: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Logits:
    """Unnormalised scores: sentiment [B, T, 3] and emotion [B, T, 7]."""

    sentiment: Tensor
    emotion: Tensor


@dataclass(frozen=True, slots=True)
class Fused:
    """A target post after step 6 and after step 7, [B, T, 1200] each."""

    joined: Tensor
    fusion: Tensor


class Tmsam(nn.Module):
    """Steps 2-8: post encoders, context, cross-modal and self-attention, fusion, two heads.

    Args:
        config: sizes and form; causal or not.
    """

    def __init__(self, config: TmsamConfig) -> None:
        super().__init__()
        self.config = config
        text, audio, visual = config.widths
        self.text = TextEncoderBranch(text, config)
        self.audio = StepsEncoder(audio, config)
        self.visual = StepsEncoder(visual, config)
        self.missing = nn.Parameter(torch.randn(len(MODALITIES), config.post_width) * 0.1)
        gru = OneWayGru if config.causal else BidirectionalGru
        self.context = nn.ModuleList(
            gru(config.post_width, config.context_width) for _ in MODALITIES
        )
        self.cross = nn.ModuleDict(
            {f"{source}_to_{target}": _cross(config) for source, target in pairs()}
        )
        self.within = nn.ModuleList(_within(config) for _ in MODALITIES)
        joined = config.joined_width
        self.fusion = MultiHeadAttention(
            joined, joined, joined, config.fusion_heads, config.dropout
        )
        self.heads = nn.ModuleList(
            task_head(joined, config.head_widths, classes, config.dropout)
            for classes in config.classes
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, inputs: TmsamInputs) -> Logits:
        """Scores of every post of every window.

        Args:
            inputs: B windows of N posts.

        Returns:
            Logits [B, N, classes]; rows of padded posts mean nothing.

        Raises:
            ModelError: a tensor's shape does not fit the others or the preset.
        """
        shape = inputs.post_mask.shape
        for name, steps, mask in zip(MODALITIES, inputs.features, inputs.masks, strict=True):
            if steps.shape[:2] != shape or mask.shape[:2] != shape:
                raise ModelError(
                    f"{name} must begin with [B, N] = {list(shape)}, "
                    f"not {list(steps.shape)} with mask {list(mask.shape)}"
                )
        text, audio, visual = (steps.flatten(0, 1) for steps in inputs.features)  # [BN, L, width]
        masks = [mask.flatten(0, 1) for mask in inputs.masks]  # [BN, L]
        graph = None if inputs.adjacency is None else inputs.adjacency.flatten(0, 1)
        vectors = torch.stack(
            (
                self.text(text, masks[0], graph),
                self.audio(audio, masks[1]),
                self.visual(visual, masks[2]),
            ),
            dim=1,
        )  # [BN, 3, post]
        vectors = vectors.reshape(*shape, *vectors.shape[1:])  # [B, N, 3, post]
        return self.classify(self.fuse(vectors, inputs.presence, inputs.post_mask).fusion)

    def encode(
        self, modality: str, steps: Tensor, mask: Tensor, adjacency: Tensor | None = None
    ) -> Tensor:
        """Vectors of posts in one modality, for keeping.

        Args:
            modality: one of `labels.MODALITIES`.
            steps: [P, L, width].
            mask: [P, L], True for a prefix of real steps.
            adjacency: [P, L, L] over the tokens of a text; None: neighbouring tokens.

        Returns:
            [P, post_width].

        Raises:
            ModelError: no such modality, or a shape is another.
        """
        encoders = {"text": self.text, "audio": self.audio, "visual": self.visual}
        if modality not in encoders:
            raise ModelError(f"unknown modality {modality!r}; known: {', '.join(MODALITIES)}")
        graph = () if adjacency is None else (adjacency,)
        vectors: Tensor = encoders[modality](steps, mask, *graph)
        return vectors

    def fuse(
        self, vectors: Tensor, presence: Tensor, post_mask: Tensor, targets: Tensor | None = None
    ) -> Fused:
        """Steps 3-7 for the posts asked for.

        Args:
            vectors: [B, N, 3, post_width]; what stands where a modality is absent is not read.
            presence: [B, N, 3] of bool.
            post_mask: [B, N] of bool, True for a prefix of real posts, at least one a row.
            targets: [B, T], positions to score; None: all, T = N. The last step is then spared
                for the posts that nobody asked for.

        Returns:
            The target posts before and after the fusion.

        Raises:
            ModelError: shapes do not fit each other or the preset.
        """
        self._check(vectors, presence, post_mask)
        mask = attention_mask(post_mask, self.config.causal)  # [B, N, N]
        joined = self._joined(vectors, presence, post_mask.sum(dim=1), mask)  # [B, N, 1200]
        queries = joined
        if targets is not None:
            queries = _take(joined, targets)  # [B, T, 1200]
            mask = _take(mask, targets)  # [B, T, N]
        gathered = self.dropout(self.fusion(queries, joined, mask))  # [B, T, 1200]
        return Fused(queries, self._add(queries, gathered))

    def classify(self, fusion: Tensor) -> Logits:
        """Step 8: the two heads over the shared fusion feature, [B, T, 1200]."""
        sentiment, emotion = (head(fusion) for head in self.heads)
        return Logits(sentiment, emotion)

    def _joined(self, vectors: Tensor, presence: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        posts = torch.where(presence[..., None], vectors, self.missing)  # [B, N, 3, post]
        posts = self.dropout(posts)
        context = {
            name: self.dropout(gru(posts[:, :, index], lengths))  # [B, N, 400]
            for index, (name, gru) in enumerate(zip(MODALITIES, self.context, strict=True))
        }
        crossed: dict[str, list[Tensor]] = {name: [] for name in MODALITIES}
        for source, target in pairs():
            attend = self.cross[f"{source}_to_{target}"]
            crossed[target].append(attend(context[target], context[source], mask))  # [B, N, 200]
        parts = []
        for name, attend in zip(MODALITIES, self.within, strict=True):
            pair = self.dropout(torch.cat(crossed[name], dim=-1))  # [B, N, 400]
            pair = self._add(context[name], pair)
            parts.append(self._add(pair, self.dropout(attend(pair, pair, mask))))  # [B, N, 400]
        return torch.cat(parts, dim=-1)  # [B, N, 1200]

    def _add(self, own: Tensor, gathered: Tensor) -> Tensor:
        return own + gathered if self.config.residual else gathered

    def _check(self, vectors: Tensor, presence: Tensor, post_mask: Tensor) -> None:
        batch, posts = post_mask.shape
        for name, tensor, wanted in (
            ("vectors", vectors, (batch, posts, len(MODALITIES), self.config.post_width)),
            ("presence", presence, (batch, posts, len(MODALITIES))),
        ):
            if tuple(tensor.shape) != wanted:
                raise ModelError(f"{name} must be {list(wanted)}, not {list(tensor.shape)}")
        if presence.dtype != torch.bool or post_mask.dtype != torch.bool:
            raise ModelError("presence and post_mask must be of bool")


def pairs() -> list[tuple[str, str]]:
    """Source and target of each cross-modal attention, those of a target side by side."""
    return [(source, target) for target in MODALITIES for source in MODALITIES if source != target]


def _cross(config: TmsamConfig) -> MultiHeadAttention:
    width = config.cross_width
    return MultiHeadAttention(
        config.context_width, width, width, config.cross_heads, config.dropout
    )


def _within(config: TmsamConfig) -> MultiHeadAttention:
    width = config.context_width
    return MultiHeadAttention(width, config.self_width, width, config.self_heads, config.dropout)


def _take(rows: Tensor, targets: Tensor) -> Tensor:
    return rows.gather(1, targets[:, :, None].expand(-1, -1, rows.shape[2]))  # [B, T, D]
