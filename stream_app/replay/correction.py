"""Shares by track from the predictions of a run, corrected by a fitted quantifier. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from connectors.prevalence.posts import Window
from connectors.prevalence.quantifier import Quantifier
from connectors.schemas.labels import SENTIMENTS
from stream_app.replay.agreement import ShareAgreement, TrackAgreement, compare_shares
from stream_app.replay.comments import Comment


@dataclass(frozen=True, slots=True)
class CorrectedTrack:
    """One track.

    Attributes:
        method: how its shares were estimated.
        is_known: whether the quantifier was fitted with labelled posts of the track.
        agreement: labelled beside corrected shares.
        low, high: sentiment -> bounds of the 90 % interval.
    """

    method: str
    is_known: bool
    agreement: TrackAgreement
    low: Mapping[str, float]
    high: Mapping[str, float]

    @property
    def held(self) -> int:
        """How many of the sentiments' intervals hold the labelled share."""
        labelled = self.agreement.labelled
        return sum(self.low[name] <= labelled[name] <= self.high[name] for name in SENTIMENTS)


@dataclass(frozen=True, slots=True)
class Corrected:
    """All tracks, corrected.

    Attributes:
        notes: what the quantifier says it was fitted on.
        shares: the tracks together.
        held: share of (track, sentiment) pairs whose interval holds the labelled share.
    """

    notes: Sequence[str]
    tracks: Sequence[CorrectedTrack]
    shares: ShareAgreement
    held: float


def correct_tracks(
    quantifier: Quantifier,
    comments: Sequence[Comment],
    probabilities: Mapping[str, tuple[float, ...]],
    raw: Sequence[TrackAgreement],
) -> Corrected:
    """Correct the shares of tracks.

    Args:
        quantifier: of the model that scored the comments.
        comments: all that were sent.
        probabilities: post id -> probabilities in the order of `labels.SENTIMENTS`.
        raw: the tracks with their labels and raw trends, at least one.
    """
    rows: dict[str, list[tuple[float, ...]]] = {}
    for comment in comments:
        if comment.post_id in probabilities:
            rows.setdefault(comment.track, []).append(probabilities[comment.post_id])
    tracks = [_corrected(quantifier, rows[own.track], own) for own in raw]
    return Corrected(
        notes=quantifier.notes,
        tracks=tracks,
        shares=compare_shares([track.agreement for track in tracks]),
        held=sum(track.held for track in tracks) / (len(tracks) * len(SENTIMENTS)),
    )


def _corrected(
    quantifier: Quantifier, rows: Sequence[tuple[float, ...]], raw: TrackAgreement
) -> CorrectedTrack:
    found = quantifier.estimate(Window.of(np.array(rows)), raw.track)
    shares, low, high = (
        dict(zip(SENTIMENTS, values.tolist(), strict=True))
        for values in (found.shares, found.low, found.high)
    )
    return CorrectedTrack(
        method=quantifier.method_of(raw.track),
        is_known=quantifier.knows(raw.track),
        agreement=replace(raw, predicted=shares),
        low=low,
        high=high,
    )
