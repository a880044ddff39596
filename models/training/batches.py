"""From labelled conversations to what a system takes.

Not for what training hides of them (`modality_dropout`) nor for their order (`order`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.training.corpus import NO_LABEL, Conversation, Tensors


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
        teacher: [B, N, 10], logits of a teacher; NaN where a post has none.
        source: index of the data set that all of it is of.
    """

    features: Sequence[Sequence[Mapping[str, Tensors]]]
    sentiment: Tensor
    emotion: Tensor
    post_mask: Tensor
    edges: Sequence[Sequence[NDArray[np.int16] | None]]
    texts: Sequence[Sequence[str]]
    teacher: Tensor
    source: int = 0


def make_batch(conversations: Sequence[Conversation], source: int = 0) -> Batch:
    """Conversations of one data set as one batch; nothing dropped."""
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
    teacher = _teacher(conversations)
    return Batch(features, sentiment, emotion, post_mask, edges, texts, teacher, source)


def with_only(batch: Batch, modalities: Sequence[str]) -> Batch:
    """The batch as if posts had no other modalities; a post with none of them keeps its own.

    A text counts as the modality `text` also where its features are not there yet.
    """
    features, texts = [], []
    for posts, written in zip(batch.features, batch.texts, strict=True):
        kept = [_only(post, text, modalities) for post, text in zip(posts, written, strict=True)]
        features.append([post for post, _ in kept])
        texts.append([text for _, text in kept])
    return replace(batch, features=features, texts=texts)


def _teacher(conversations: Sequence[Conversation]) -> Tensor:
    longest = max(map(len, conversations))
    rows = torch.full((len(conversations), longest, len(SENTIMENTS) + len(EMOTIONS)), math.nan)
    for row, posts in enumerate(conversations):
        for place, post in enumerate(posts):
            if post.teacher is not None:
                rows[row, place] = torch.from_numpy(post.teacher)
    return rows  # [B, N, 10]


def _only(
    post: Mapping[str, Tensors], text: str, modalities: Sequence[str]
) -> tuple[Mapping[str, Tensors], str]:
    kept = {name: steps for name, steps in post.items() if name in modalities}
    read = text if "text" in modalities else ""
    return (kept, read) if kept or read else (post, text)
