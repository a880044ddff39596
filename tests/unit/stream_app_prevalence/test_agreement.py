"""Judging estimators over tracks: figures by hand, cross-fitting, and shares alone different."""

import numpy as np
import pytest

from connectors.prevalence.interval import Estimate
from connectors.prevalence.posts import Array
from stream_app.prevalence.agreement import agree, choose, cross_fit, with_shares_alone_different
from stream_app.prevalence.judging import (
    CONSTANT,
    OWN_LABELS,
    Estimator,
    JudgedTrack,
    fit_methods,
    judge_tracks,
)
from tests.unit.connectors_prevalence.synthetic import LABELS, draw_tracks

POSTS = draw_tracks(5, 120, tracks=10)


def judged(labelled: list[float], shares: list[float], margin: float) -> JudgedTrack:
    found = np.array(shares)
    return JudgedTrack("t", 10, np.array(labelled), Estimate(found, found - margin, found + margin))


def test_errors_and_coverage_are_means_over_tracks() -> None:
    tracks = [
        judged([0.2, 0.8, 0.0], [0.3, 0.7, 0.0], margin=0.05),
        judged([0.6, 0.4, 0.0], [0.6, 0.4, 0.0], margin=0.15),
    ]
    found = agree(tracks, LABELS)
    assert found.mean_error["negative"] == pytest.approx(0.05)
    assert found.mean_error["all"] == pytest.approx(0.1 / 3)
    assert found.coverage == pytest.approx(
        {"negative": 0.5, "neutral": 0.5, "positive": 1.0, "all": 2 / 3}
    )
    assert found.width == pytest.approx(0.2)
    assert found.pearson["negative"] == pytest.approx(1)
    assert found.pearson["positive"] is None


def test_every_method_is_judged_in_every_form_beside_the_references() -> None:
    fitted = fit_methods(POSTS, LABELS, "m", ["counts", "adjusted_count"])
    found = judge_tracks(fitted, draw_tracks(6, 60, tracks=10))
    forms = {Estimator(m, f) for m in fitted.tracks for f in ("plain", "new", "known")}
    assert set(found) == forms | {CONSTANT, OWN_LABELS}
    assert all(len(tracks) == 10 for tracks in found.values())


def test_references_read_no_post_of_what_is_judged() -> None:
    fitted = fit_methods(POSTS, LABELS, "m", ["counts"])
    found = judge_tracks(fitted, draw_tracks(6, 60, tracks=10))
    for track in found[CONSTANT]:
        np.testing.assert_allclose(track.estimate.shares, POSTS.labelled_shares())
    for track in found[OWN_LABELS]:
        own = POSTS.where(POSTS.tracks == track.track).labelled_shares()
        np.testing.assert_allclose(track.estimate.shares, own)


def test_cross_fitting_judges_every_track_in_both_halves() -> None:
    found = cross_fit(POSTS, LABELS, halvings=1)
    tracks = found[Estimator("counts", "plain")]
    assert len(tracks) == 20
    assert sum(track.posts for track in tracks) == len(POSTS)


def test_the_method_with_the_least_error_in_the_form_is_chosen() -> None:
    good = [judged([0.2, 0.8, 0.0], [0.2, 0.8, 0.0], 0)] * 2
    bad = [judged([0.2, 0.8, 0.0], [0.8, 0.2, 0.0], 0)] * 2
    judgement = {
        Estimator("counts", "new"): bad,
        Estimator("adjusted_count", "new"): good,
        Estimator("counts", "known"): good,
        Estimator("adjusted_count", "known"): bad,
        Estimator("adjusted_count", "plain"): bad,
    }
    assert choose(judgement, LABELS, "new") == "adjusted_count"
    assert choose(judgement, LABELS, "known") == "counts"


def test_tracks_drawn_to_differ_in_shares_alone_have_those_and_no_post_of_their_own() -> None:
    wanted: dict[str, tuple[int, Array]] = {
        "track-1": (100, np.array([0.5, 0.3, 0.2])),
        "track-2": (40, np.array([0.0, 0.25, 0.75])),
    }
    drawn = with_shares_alone_different(POSTS, wanted)
    for name, (size, shares) in wanted.items():
        own = drawn.where(drawn.tracks == name)
        assert len(own) == size
        np.testing.assert_allclose(own.labelled_shares(), shares)
        theirs = POSTS.where(POSTS.tracks == name).posteriors
        assert not {row.tobytes() for row in own.posteriors} & {row.tobytes() for row in theirs}
