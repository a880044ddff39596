"""What validation tracks say of a method: strength, common error, a track's own."""

from functools import cache

import numpy as np
import pytest

from connectors.prevalence.errors import PrevalenceError
from connectors.prevalence.estimators import METHODS, Method
from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.interval import corrected, interval
from connectors.prevalence.posts import LabelledPosts, Window
from connectors.prevalence.tracks import (
    Correction,
    TrackError,
    estimate_tracks,
    fit_correction,
    fit_corrections,
)
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts, draw_tracks

ADJUSTED: tuple[Method, ...] = ("adjusted_count", "probabilistic_adjusted_count")
SHIFTED = draw_tracks(1, 300)
ALIKE = draw_tracks(1, 300, shift=0.0)


@cache
def correction_of(method: Method, *, shifted: bool) -> Correction:
    return fit_corrections(SHIFTED if shifted else ALIKE, LABELS, [method])[method]


def mean_error(fitted_on: LabelledPosts, method: Method, *, known: bool) -> float:
    """Of a correction, on other posts of the same tracks."""
    fit = fit_quantifier(fitted_on, LABELS, "m")
    tracks = estimate_tracks(fitted_on, LABELS, method)
    judged, errors = draw_tracks(2, 300), []
    for name in judged.track_names():
        own = judged.where(judged.tracks == name)
        correction = fit_correction(method, tracks, None if known else name)
        shares = corrected(fit, Window.of(own.posteriors), method, correction, name)
        errors.append(np.abs(shares - own.labelled_shares()).mean())
    return float(np.mean(errors))


def test_where_tracks_differ_in_their_shares_alone_the_adjustment_is_kept() -> None:
    for method in METHODS[2:]:
        correction = correction_of(method, shifted=False)
        assert correction.strength > 0.5, method
        assert np.abs(correction.error).max() < 0.03


def test_where_posts_look_different_by_track_less_of_it_is_kept() -> None:
    for method in ADJUSTED:
        alike, shifted = (correction_of(method, shifted=moved) for moved in (False, True))
        assert shifted.strength < alike.strength
        assert np.trace(np.array(shifted.between)) > 3 * np.trace(np.array(alike.between))


def test_raw_shares_have_no_adjustment_to_keep() -> None:
    assert correction_of("counts", shifted=True).strength == 0


@pytest.mark.parametrize("method", ["counts", "probabilities"])
def test_a_track_with_labelled_posts_is_estimated_better_than_a_new_one(method: Method) -> None:
    assert mean_error(SHIFTED, method, known=True) < 0.7 * mean_error(SHIFTED, method, known=False)


def test_a_tracks_own_error_is_trusted_the_more_the_less_noise_it_has() -> None:
    def moved(noise: float) -> float:
        rows = tuple(tuple(row) for row in (noise * CENTRED).tolist())
        between = tuple(tuple(row) for row in (0.01 * CENTRED).tolist())
        own = TrackError(posts=9, error=(0.1, -0.1, 0.0), noise=rows)
        correction = Correction(
            method="counts",
            strength=0,
            error=(0, 0, 0),
            between=between,
            within=rows,
            tracks={"own": own},
        )
        return float(correction.expected_error("own")[0][0])

    assert moved(0.0) == pytest.approx(0.1)
    assert moved(0.01) == pytest.approx(0.05)
    assert moved(1.0) < 0.002


def test_a_new_track_gets_the_wider_interval() -> None:
    correction = correction_of("probabilities", shifted=True)
    fit = fit_quantifier(SHIFTED, LABELS, "m")
    window = Window.of(draw_posts(PRIOR, 2000, seed=5).posteriors)
    widths = {}
    for track in ("track-1", "never seen"):
        found = interval(fit, window, "probabilities", correction=correction, track=track)
        widths[track] = (found.high - found.low).mean()
    assert widths["never seen"] > 1.5 * widths["track-1"]


def test_too_few_tracks_are_refused() -> None:
    few = SHIFTED.where(np.isin(SHIFTED.tracks, ["track-1", "track-2"]))
    with pytest.raises(PrevalenceError, match="2 tracks have 5 labelled conversations or more"):
        estimate_tracks(few, LABELS, "counts")


CENTRED = np.eye(3) - 1 / 3
