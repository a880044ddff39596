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
    def moved(noise: float, drift: float = 0.0) -> float:
        rows = tuple(tuple(row) for row in (noise * CENTRED).tolist())
        between = tuple(tuple(row) for row in (0.01 * CENTRED).tolist())
        in_time = tuple(tuple(row) for row in (drift * CENTRED).tolist())
        own = TrackError(posts=9, error=(0.1, -0.1, 0.0), noise=rows)
        correction = Correction(
            method="counts",
            strength=0,
            error=(0, 0, 0),
            between=between,
            drift=in_time,
            within=rows,
            tracks={"own": own},
        )
        return float(correction.expected_error("own")[0][0])

    assert moved(0.0) == pytest.approx(0.1)
    assert moved(0.01) == pytest.approx(0.05)
    assert moved(1.0) < 0.002
    assert moved(0.0, drift=0.02) == pytest.approx(0.05)


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
    with pytest.raises(PrevalenceError, match="2 tracks have 6 labelled conversations or more"):
        estimate_tracks(few, LABELS, "counts")


def test_what_a_tracks_error_gains_in_time_is_told_from_what_lasts() -> None:
    lasting = fit_corrections(drifting(0.08, 0.0, seed=1), LABELS, ["probabilities"])
    passing = fit_corrections(drifting(0.0, 0.08, seed=1), LABELS, ["probabilities"])
    spread = {
        name: [np.trace(np.array(part)) for part in (own.between, own.drift)]
        for name, own in (
            ("lasting", lasting["probabilities"]),
            ("passing", passing["probabilities"]),
        )
    }
    assert spread["lasting"][0] > 4 * spread["lasting"][1]
    assert spread["passing"][1] > 2 * spread["passing"][0]


@pytest.mark.parametrize("passing", [0.0, 0.05])
def test_ninety_percent_intervals_of_known_tracks_hold_the_share_of_another_time(
    passing: float,
) -> None:
    """Fitted on two times of each track, judged on a third; raw shares beside it."""
    held, raw_held = [], []
    for seed in range(6):
        everything = drifting(0.06, passing, seed=seed, times=3)
        later = everything.conversations >= 2 * CONVERSATIONS
        fitted, judged = everything.where(~later), everything.where(later)
        fit = fit_quantifier(fitted, LABELS, "m")
        correction = fit_corrections(fitted, LABELS, ["probabilities"])["probabilities"]
        for name in judged.track_names():
            own = judged.where(judged.tracks == name)
            window, truth = Window.of(own.posteriors), own.labelled_shares()
            found = interval(fit, window, "probabilities", correction=correction, track=name)
            held.append((found.low <= truth) & (truth <= found.high))
            raw = interval(fit, window, "probabilities")
            raw_held.append((raw.low <= truth) & (truth <= raw.high))
    assert 0.85 < np.mean(held) < 0.95
    assert np.mean(raw_held) < 0.6


CONVERSATIONS = 30  # of a track and time


def drifting(
    lasting: float, passing: float, seed: int, times: int = 2, tracks: int = 40
) -> LabelledPosts:
    """Posts of tracks in which labels depart from posteriors, for good and for a time.

    Args:
        lasting: deviation of a track's own error.
        passing: deviation of what it gains or loses from one time to the next.
    """
    generator = np.random.default_rng(seed)
    parts = []
    for track in range(tracks):
        own = lasting * generator.standard_normal(3) @ CENTRED
        for time in range(times):
            error = own + passing * generator.standard_normal(3) @ CENTRED
            posteriors = generator.dirichlet([2.0, 2.0, 2.0], 5 * CONVERSATIONS)
            shares = np.maximum(posteriors + error, 0.0)
            chances = (shares / shares.sum(axis=1, keepdims=True)).cumsum(axis=1)
            truth = (generator.random((len(chances), 1)) > chances[:, :2]).sum(axis=1)
            numbers = time * CONVERSATIONS + np.repeat(np.arange(CONVERSATIONS), 5)
            names = np.full(len(truth), f"track-{track}")
            parts.append((truth, posteriors, names, numbers))
    return LabelledPosts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


CENTRED = np.eye(3) - 1 / 3
