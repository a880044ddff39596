"""Shares of a track's posts as people would label them: corrected for what the model confuses.

Not for how that is done, nor for what it means: see `connectors.prevalence` and docs/prevalence.md.
"""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from connectors.prevalence.posts import Window
from connectors.prevalence.quantifier import Quantifier
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.series import TrendCounts, known_count

LEVEL = 0.9


class CorrectedShare(BaseModel):
    """Share of a sentiment, with a 90 % interval for sampling and for errors of model and track."""

    model_config = ConfigDict(frozen=True)

    share: float
    low: float
    high: float


class CorrectedShares(BaseModel):
    """Shares of the sentiments that people would give the posts."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    sentiment: dict[str, CorrectedShare]
    level: float = Field(description="of the intervals, 0 to 1")
    method: str = Field(description="of estimation, see docs/prevalence.md")
    knows_track: bool = Field(description="labelled posts of the track were part of the fit")
    model_version: str = Field(description="model that scored the posts and was fitted")
    notes: tuple[str, ...] = Field(description="on which posts it was fitted")


def corrected_shares(
    track: str, counts: TrendCounts, quantifier: Quantifier
) -> CorrectedShares | None:
    """Correct the shares of a bucket or of a whole series.

    Args:
        track: name of the track.
        counts: of one model, that of the quantifier.
        quantifier: from `voxpop prevalence fit`.

    Returns:
        None where there are no posts, or some were scored by another model, whose confusion is not
        known.
    """
    version = quantifier.fit.model_version
    if not counts.posts or counts.models != {version: counts.posts}:
        return None
    found = quantifier.estimate(_window(counts), track, level=LEVEL)
    bounds = zip(found.shares.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    return CorrectedShares(
        sentiment={
            label: CorrectedShare(share=share, low=low, high=high)
            for label, (share, low, high) in zip(SENTIMENTS, bounds, strict=True)
        },
        level=LEVEL,
        method=quantifier.method_of(track),
        knows_track=quantifier.knows(track),
        model_version=version,
        notes=quantifier.notes,
    )


def _window(counts: TrendCounts) -> Window:
    """Of as many posts as tell what is known: those that were scored, where some stand for more."""
    known = [
        known_count(counts.sentiment[label], counts.posts, counts.effective_posts)
        for label in SENTIMENTS
    ]
    labelled = np.rint(known).astype(np.int64)
    means = np.array([counts.sentiment_means[label] or 0.0 for label in SENTIMENTS])
    return Window(labelled, means * labelled.sum())
