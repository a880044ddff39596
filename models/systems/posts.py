"""The posts of a batch through a post encoder, in groups of like length so that padding is low."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connectors.schemas.labels import MODALITIES
from models.errors import ModelError
from models.layers.graph import chain_adjacency
from models.padding import pad_steps
from models.training.batches import Batch
from models.windows import group_by_length

_STEPS_A_GROUP: Final = 4096
_POSTS_A_GROUP: Final = 512

Edges = NDArray[np.int16]
PostEncoder = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Steps [P, L, width], mask [P, L] and adjacency [P, L, L] or None -> vectors [P, D]."""


def presence_of(batch: Batch, device: torch.device) -> Tensor:
    """Which modalities each post has, [B, N, 3] of bool."""
    rows, count = batch.post_mask.shape
    presence = np.zeros((rows, count, len(MODALITIES)), np.bool_)
    for row, posts in enumerate(batch.features):
        for place, post in enumerate(posts):
            presence[row, place] = [modality in post for modality in MODALITIES]
    return torch.from_numpy(presence).to(device)


def check_widths(batch: Batch, modality: str, width: int) -> None:
    """Raise ModelError unless all tensors of a modality are `width` wide."""
    for posts in batch.features:
        for post in posts:
            if modality in post and post[modality].shape[1] != width:
                raise ModelError(
                    f"{modality} of a post is {post[modality].shape[1]} wide, not {width}; "
                    f"the features are not those of the configuration"
                )


def encode_posts(
    batch: Batch,
    modality: str,
    encode: PostEncoder,
    width: int,
    device: torch.device,
    graph: bool = False,
) -> Tensor:
    """The vectors of all posts in one modality.

    Args:
        batch: B conversations of at most N posts.
        modality: which of the posts' tensors.
        encode: post encoder of that modality.
        width: D, numbers that the encoder gives a post.
        device: where the encoder is.
        graph: give the encoder the posts' dependency edges; neighbouring tokens are joined in
            posts without edges. None is given where no post has edges.

    Returns:
        [B, N, D], zeros for posts without the modality and for padding.

    Raises:
        ModelError: an edge names a step that its post does not have.
    """
    rows, count = batch.post_mask.shape
    owners = [
        (row, place)
        for row, posts in enumerate(batch.features)
        for place, post in enumerate(posts)
        if modality in post
    ]
    if not owners:
        return torch.zeros(rows, count, width, device=device)
    steps = [batch.features[row][place][modality] for row, place in owners]
    edges = [batch.edges[row][place] for row, place in owners] if graph else []
    order: list[int] = []
    parts = []
    for group in group_by_length([len(own) for own in steps], _STEPS_A_GROUP, _POSTS_A_GROUP):
        padded, mask = (part.to(device) for part in pad_steps([steps[index] for index in group]))
        joined = [edges[index] for index in group] if graph else []
        known = any(own is not None for own in joined)
        parts.append(encode(padded, mask, edge_adjacency(joined, mask) if known else None))
        order.extend(owners[index][0] * count + owners[index][1] for index in group)
    vectors = torch.cat(parts)  # [posts, D]
    places = torch.tensor(order, device=device)  # [posts]
    flat = vectors.new_zeros(rows * count, width).index_copy(0, places, vectors)  # [BN, D]
    return flat.reshape(rows, count, width)


def edge_adjacency(edges: Sequence[Edges | None], mask: Tensor) -> Tensor:
    """The graphs of a group of posts.

    Args:
        edges: for each post [E, 2], pairs of its steps; None: its neighbouring steps are joined.
        mask: [P, L], True for a prefix of real steps.

    Returns:
        [P, L, L], 0 or 1, symmetric, no self loops.

    Raises:
        ModelError: an edge names a step that its post does not have.
    """
    adjacency = chain_adjacency(mask)  # [P, L, L]
    graphs = np.zeros(adjacency.shape, np.float32)
    given = np.zeros(len(edges), np.bool_)
    lengths = mask.sum(dim=1).tolist()
    for row, pairs in enumerate(edges):
        if pairs is None:
            continue
        if pairs.size and not 0 <= pairs.min() <= pairs.max() < lengths[row]:
            raise ModelError(
                f"edges between steps {pairs.min()} and {pairs.max()} of a post of "
                f"{lengths[row]} steps; they belong to other token vectors"
            )
        given[row] = True
        graphs[row, pairs[:, 0], pairs[:, 1]] = 1.0
        graphs[row, pairs[:, 1], pairs[:, 0]] = 1.0
    steps = np.arange(graphs.shape[1])
    graphs[:, steps, steps] = 0.0
    return torch.where(
        torch.from_numpy(given).to(mask.device)[:, None, None],
        torch.from_numpy(graphs).to(mask.device),
        adjacency,
    )
