"""Shares of a replay's tracks, corrected by a quantifier."""

import numpy as np
import pytest

from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.posts import Window
from connectors.prevalence.quantifier import Quantifier
from connectors.prevalence.tracks import fit_corrections
from connectors.schemas.labels import SENTIMENTS
from stream_app.replay.agreement import compare_tracks
from stream_app.replay.comments import Comment
from stream_app.replay.correction import correct_tracks
from tests.unit.connectors_prevalence.synthetic import draw_posts, draw_tracks

FITTED_ON = draw_tracks(1, 150, tracks=8)
QUANTIFIER = Quantifier(
    fit=fit_quantifier(FITTED_ON, SENTIMENTS, "m"),
    corrections=dict(fit_corrections(FITTED_ON, SENTIMENTS, ["probabilities"])),
    known="probabilities",
    new="probabilities",
    notes=("fitted on synthetic posts",),
)
JUDGED = {
    "track-3": draw_tracks(2, 150, tracks=8).where(FITTED_ON.tracks == "track-3"),
    "unheard": draw_posts(np.array([0.5, 0.3, 0.2]), 80, seed=5),
}
COMMENTS = [
    Comment(f"{name}-{number}", "v", name, "text", 1, SENTIMENTS[truth])
    for name, posts in JUDGED.items()
    for number, truth in enumerate(posts.truth)
]
PROBABILITIES = {
    f"{name}-{number}": tuple(row.tolist())
    for name, posts in JUDGED.items()
    for number, row in enumerate(posts.posteriors)
}
COUNTED = {
    name: dict(zip(SENTIMENTS, Window.of(posts.posteriors).counts.tolist(), strict=True))
    for name, posts in JUDGED.items()
}
RAW = compare_tracks(COMMENTS, COUNTED)
CORRECTED = correct_tracks(QUANTIFIER, COMMENTS, PROBABILITIES, RAW)


def test_a_track_gets_the_quantifiers_shares_of_its_own_posts() -> None:
    for track in CORRECTED.tracks:
        name = track.agreement.track
        wanted = QUANTIFIER.shares(Window.of(JUDGED[name].posteriors), name)
        assert list(track.agreement.predicted.values()) == pytest.approx(wanted.tolist())
        assert all(
            track.low[s] <= track.agreement.predicted[s] <= track.high[s] for s in SENTIMENTS
        )


def test_only_a_track_of_the_fit_is_known() -> None:
    assert {t.agreement.track: t.is_known for t in CORRECTED.tracks} == {
        "track-3": True,
        "unheard": False,
    }


def test_labels_are_those_of_the_raw_tracks_and_the_error_is_of_the_corrected_shares() -> None:
    for track, raw in zip(CORRECTED.tracks, RAW, strict=True):
        assert track.agreement.labelled == raw.labelled
    errors = [track.agreement.mean_error for track in CORRECTED.tracks]
    assert CORRECTED.shares.mean_error["all"] == pytest.approx(np.mean(errors))


def test_held_is_the_share_of_intervals_with_the_label_inside() -> None:
    held = sum(
        track.low[s] <= track.agreement.labelled[s] <= track.high[s]
        for track in CORRECTED.tracks
        for s in SENTIMENTS
    )
    assert pytest.approx(held / 6) == CORRECTED.held


def test_a_comment_without_a_prediction_is_left_out() -> None:
    without = {name: row for name, row in PROBABILITIES.items() if name != "unheard-0"}
    found = correct_tracks(QUANTIFIER, COMMENTS, without, RAW)
    wanted = QUANTIFIER.shares(Window.of(JUDGED["unheard"].posteriors[1:]), "unheard")
    shares = next(t for t in found.tracks if t.agreement.track == "unheard").agreement.predicted
    assert list(shares.values()) == pytest.approx(wanted.tolist())
