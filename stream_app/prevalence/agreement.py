"""How well estimators agree with labelled shares over tracks, and which is chosen. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from connectors.prevalence.estimators import METHODS, Method
from connectors.prevalence.posts import Array, LabelledPosts
from stream_app.prevalence.judging import (
    Estimator,
    Form,
    JudgedTrack,
    Judgement,
    fit_methods,
    judge_tracks,
)
from stream_app.replay.agreement import pearson

ALL: Final = "all"
HALVINGS: Final = 3
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """An estimator over tracks; a track counts once, however many posts it has.

    Attributes:
        mean_error: label -> mean absolute error of the share, and `all` over both.
        pearson: label -> correlation with the labelled share over tracks, and `all` over tracks
            and labels, which the labels' different frequencies alone raise; None: undefined.
        coverage: label -> share of tracks whose bounds hold the labelled share, and `all`.
        width: mean distance of the bounds.
    """

    mean_error: Mapping[str, float]
    pearson: Mapping[str, float | None]
    coverage: Mapping[str, float]
    width: float


def agree(tracks: Sequence[JudgedTrack], labels: Sequence[str]) -> Agreement:
    """How well an estimator does.

    Args:
        tracks: at least one.
        labels: names of the C classes.
    """
    labelled = np.stack([track.labelled for track in tracks])  # [T, C]
    shares = np.stack([track.estimate.shares for track in tracks])  # [T, C]
    held = np.stack([track.held for track in tracks]).astype(np.float64)  # [T, C]
    widths = np.stack([track.estimate.high - track.estimate.low for track in tracks])
    return Agreement(
        mean_error=_by_label(np.abs(shares - labelled), labels),
        pearson={
            **{
                label: pearson(shares[:, column], labelled[:, column])
                for column, label in enumerate(labels)
            },
            ALL: pearson(shares.ravel(), labelled.ravel()),
        },
        coverage=_by_label(held, labels),
        width=float(widths.mean()),
    )


def cross_fit(
    posts: LabelledPosts,
    labels: Sequence[str],
    *,
    halvings: int = HALVINGS,
    level: float | None = None,
) -> dict[Estimator, list[JudgedTrack]]:
    """Fit on half of the conversations and judge on the other half, both ways, several times.

    Args:
        posts: validation posts.
        labels: names of the classes.
        halvings: how often the conversations are dealt out anew.
        level: of the bounds; None: none are made.

    Returns:
        Estimator -> tracks of all halves together; only estimators usable in every one.

    Raises:
        PrevalenceError: a half lacks a class or has too few tracks.
    """
    generator = np.random.default_rng(SEED)
    numbers = np.unique(posts.conversations)
    found: list[Judgement] = []
    for _ in range(halvings):
        chosen = generator.permutation(numbers)[: len(numbers) // 2]
        first = np.isin(posts.conversations, chosen)
        for fitted_on, judged_on in ((first, ~first), (~first, first)):
            fitted = fit_methods(posts.where(fitted_on), labels, "half")
            found.append(judge_tracks(fitted, posts.where(judged_on), level=level))
    shared = [estimator for estimator in found[0] if all(estimator in own for own in found)]
    return {estimator: [t for own in found for t in own[estimator]] for estimator in shared}


def choose(
    judgement: Judgement, labels: Sequence[str], form: Form, methods: Iterable[Method] = METHODS
) -> Method:
    """The method with the least mean absolute error in a form.

    Args:
        judgement: cross-fitted.
        labels: names of the classes.
        form: of the estimators.
        methods: those that may be chosen.

    Raises:
        ValueError: none of them was judged in that form.
    """
    errors = {
        method: agree(judgement[Estimator(method, form)], labels).mean_error[ALL]
        for method in methods
        if Estimator(method, form) in judgement
    }
    return min(errors, key=errors.__getitem__)


def with_shares_alone_different(
    posts: LabelledPosts, by: Mapping[str, tuple[int, Array]], seed: int = SEED
) -> LabelledPosts:
    """Tracks whose posts look alike within each class, as the methods assume.

    What error is left on them is the classifier's; what is more on the true tracks comes from
    posts of a class that look different by track.

    Args:
        posts: pool to draw from, with replacement; a track gets no post of its own.
        by: track -> posts to draw, and the shares [C] to give them.
        seed: of the draw.
    """
    generator = np.random.default_rng(seed)
    rows: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    names: list[str] = []
    for name, (size, shares) in by.items():
        for label, count in enumerate(np.rint(shares * size).astype(int)):
            pool = np.flatnonzero((posts.truth == label) & (posts.tracks != name))
            rows.append(generator.choice(pool, count))
            names.extend([name] * count)
    taken = np.concatenate(rows)
    return LabelledPosts(
        posts.truth[taken],
        posts.posteriors[taken],
        np.array(names, np.str_),
        np.arange(len(taken)),
    )


def _by_label(values: Array, labels: Sequence[str]) -> dict[str, float]:
    """Means of [T, C] by label and over all."""
    means = values.mean(axis=0)
    by_label = {label: float(mean) for label, mean in zip(labels, means, strict=True)}
    return {**by_label, ALL: float(values.mean())}
