"""From labelled conversations to what the network takes, with modality dropout in training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connectors.schemas.labels import MODALITIES
from models.padding import pad_steps
from models.tmsam import Fused, Tmsam
from models.training.corpus import NO_LABEL, Conversation, Tensors
from models.training.settings import TrainingSettings
from models.windows import group_by_length

_STEPS_A_GROUP: Final = 4096
_POSTS_A_GROUP: Final = 512
_NOISE_STEPS: Final = 4
_BATCHES_A_POOL: Final = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """Conversations side by side.

    Attributes:
        features: for each conversation, for each post: modality -> [steps, width].
        sentiment: [B, N], NO_LABEL where there is none.
        emotion: [B, N], NO_LABEL where there is none.
        post_mask: [B, N], True for a real post.
        edges: for each conversation, for each post: [E, 2] or None, as `LabelledPost.edges`.
        texts: for each conversation, for each post: what was written; "" where nothing is known.
    """

    features: Sequence[Sequence[Mapping[str, Tensors]]]
    sentiment: Tensor
    emotion: Tensor
    post_mask: Tensor
    edges: Sequence[Sequence[NDArray[np.int16] | None]]
    texts: Sequence[Sequence[str]]


def shuffled_batches(
    lengths: Sequence[int], batch: int, generator: np.random.Generator
) -> list[list[int]]:
    """A random order of conversations in batches of like length, so that padding stays low.

    Args:
        lengths: posts of each conversation.
        batch: conversations a batch; the last of a pool may have fewer.
        generator: where the order comes from.

    Returns:
        Batches in random order that hold each index once; like lengths meet only within pools of
        eight batches, so that batches differ from epoch to epoch.
    """
    order = generator.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    pool = batch * _BATCHES_A_POOL
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lengths.__getitem__)
        batches.extend(near[first : first + batch] for first in range(0, len(near), batch))
    return [batches[index] for index in generator.permutation(len(batches))]


def make_batch(conversations: Sequence[Conversation]) -> Batch:
    """Conversations as one batch; nothing dropped."""
    longest = max(map(len, conversations))
    sentiment = torch.full((len(conversations), longest), NO_LABEL)  # [B, N]
    emotion = torch.full_like(sentiment, NO_LABEL)  # [B, N]
    lengths = torch.tensor([len(posts) for posts in conversations])  # [B]
    for row, posts in enumerate(conversations):
        sentiment[row, : len(posts)] = torch.tensor([post.sentiment for post in posts])
        emotion[row, : len(posts)] = torch.tensor([post.emotion for post in posts])
    post_mask = torch.arange(longest)[None, :] < lengths[:, None]  # [B, N]
    features = [[post.features for post in posts] for posts in conversations]
    edges = [[post.edges for post in posts] for posts in conversations]
    texts = [[post.text for post in posts] for posts in conversations]
    return Batch(features, sentiment, emotion, post_mask, edges, texts)


def with_only(batch: Batch, modalities: Sequence[str]) -> Batch:
    """The batch as if posts had no other modalities; a post with none of them keeps its own."""
    features = [
        [
            {name: steps for name, steps in post.items() if name in modalities} or post
            for post in posts
        ]
        for posts in batch.features
    ]
    return replace(batch, features=features)


def with_dropout(
    batch: Batch,
    settings: TrainingSettings,
    generator: np.random.Generator,
    visual_width: int,
) -> Batch:
    """The batch with modalities dropped and random visual features put in, as the settings say."""
    features = []
    for posts in batch.features:
        silent = generator.random() < settings.audio_drop
        noisy = generator.random() < settings.visual_noise
        own = []
        for post in posts:
            kept = dict(post)
            if silent and len(kept) > 1:
                kept.pop("audio", None)
            if "audio" in kept and "text" in kept and generator.random() < settings.text_drop:
                del kept["text"]
            if noisy and "visual" not in kept:
                steps = int(generator.integers(1, _NOISE_STEPS + 1))
                kept["visual"] = generator.normal(size=(steps, visual_width)).astype(np.float32)
            own.append(kept)
        features.append(own)
    return replace(batch, features=features)


def run(network: Tmsam, batch: Batch) -> Fused:
    """The network's fusion feature of every post of the batch, [B, N, 1200]."""
    rows, count = batch.post_mask.shape
    presence = torch.zeros(rows, count, len(MODALITIES), dtype=torch.bool)  # [B, N, 3]
    columns = []
    for column, modality in enumerate(MODALITIES):
        owners = [
            (row, place)
            for row, posts in enumerate(batch.features)
            for place, post in enumerate(posts)
            if modality in post
        ]
        vectors = torch.zeros(rows * count, network.config.post_width)  # [BN, post]
        if owners:
            steps = [batch.features[row][place][modality] for row, place in owners]
            flat = torch.tensor([row * count + place for row, place in owners])
            presence.view(rows * count, -1)[flat, column] = True
            vectors = vectors.index_copy(0, flat, _encode(network, modality, steps))
        columns.append(vectors.reshape(rows, count, -1))  # [B, N, post]
    return network.fuse(torch.stack(columns, dim=2), presence, batch.post_mask)


def _encode(network: Tmsam, modality: str, posts: Sequence[Tensors]) -> Tensor:
    groups = group_by_length([len(steps) for steps in posts], _STEPS_A_GROUP, _POSTS_A_GROUP)
    parts = [
        network.encode(modality, *pad_steps([posts[index] for index in group]))  # [P, post]
        for group in groups
    ]
    order = torch.tensor([index for group in groups for index in group])
    joined = torch.cat(parts)  # [posts, post]
    return torch.empty_like(joined).index_copy(0, order, joined)  # [posts, post]
