"""Labelled posts of a known classifier: three classes as normal clouds, exact posteriors."""

import numpy as np
from numpy.typing import NDArray

from connectors.prevalence.posts import LabelledPosts

LABELS = ("negative", "neutral", "positive")
PRIOR = np.array([0.2, 0.4, 0.4])
MEANS = np.array([[1.6, 0.0], [0.0, 0.0], [0.0, 1.6]])
FLIP = np.array([1.0, 1.0])


def draw_posts(
    shares: NDArray[np.float64],
    posts: int,
    seed: int,
    *,
    track: str = "",
    shift: float = 0.0,
    first_conversation: int = 0,
) -> LabelledPosts:
    """Posts of a track; `shift` moves every cloud alike, so that rates are the track's own."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(len(shares), posts, p=shares / shares.sum())
    features = MEANS[truth] + generator.standard_normal((posts, 2)) + shift * FLIP
    distances = ((features[:, None] - MEANS) ** 2).sum(axis=-1)
    likelihoods = np.exp(-(distances - distances.min(axis=1, keepdims=True)) / 2.0)
    posteriors = likelihoods * PRIOR
    return LabelledPosts(
        truth,
        posteriors / posteriors.sum(axis=1, keepdims=True),
        np.full(posts, track, "U20"),
        first_conversation + np.arange(posts),
    )


def join(parts: list[LabelledPosts]) -> LabelledPosts:
    return LabelledPosts(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.posteriors for part in parts]),
        np.concatenate([part.tracks for part in parts]),
        np.concatenate([part.conversations for part in parts]),
    )


def draw_tracks(seed: int, posts: int, shift: float = 0.6, tracks: int = 24) -> LabelledPosts:
    """Tracks that differ in their shares and in how their posts look."""
    generator = np.random.default_rng(99)
    shares = generator.dirichlet([4.0, 8.0, 8.0], tracks)
    shifts = shift * generator.standard_normal(tracks)
    return join(
        [
            draw_posts(
                own,
                posts,
                seed * 1000 + number,
                track=f"track-{number}",
                shift=moved,
                first_conversation=number * posts,
            )
            for number, (own, moved) in enumerate(zip(shares, shifts, strict=True))
        ]
    )
