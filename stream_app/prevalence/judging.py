"""Shares by track from every method, in three forms, beside the labelled ones. Pure.

`plain` is a method as it is published. `new` has what other validation tracks say of it (how much
of the adjustment to keep, the common error), as for a track without labelled posts; the judged
track's own validation posts are left out. `known` has those too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from connectors.prevalence.errors import IndistinguishableError
from connectors.prevalence.estimators import METHODS, Method
from connectors.prevalence.fit import QuantifierFit, fit_quantifier
from connectors.prevalence.interval import Estimate, corrected, interval
from connectors.prevalence.posts import Array, LabelledPosts, Window
from connectors.prevalence.tracks import TrackEstimates, estimate_tracks, fit_correction

Form = Literal["plain", "new", "known"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
Reference = Literal["constant", "own_labels"]


class Estimator(NamedTuple):
    """A method in a form; `constant` and `own_labels` are references that read no post."""

    method: Method | Reference
    form: Form


CONSTANT: Final = Estimator("constant", "plain")
OWN_LABELS: Final = Estimator("own_labels", "plain")


@dataclass(frozen=True, slots=True)
class Fitted:
    """All that is learned from validation posts.

    Attributes:
        fit: the confusion.
        tracks: each usable method on the validation tracks.
        labelled: [C] shares of each validation track's labels.
        unusable: why the other methods cannot be used.
    """

    fit: QuantifierFit
    tracks: Mapping[Method, TrackEstimates]
    labelled: Mapping[str, Array]
    unusable: Mapping[Method, str]


@dataclass(frozen=True, slots=True)
class JudgedTrack:
    """One track by one estimator.

    Attributes:
        posts: labelled posts that were judged.
        labelled: [C], their labelled shares.
        estimate: with bounds where asked for.
    """

    track: str
    posts: int
    labelled: Array
    estimate: Estimate

    @property
    def held(self) -> NDArray[np.bool_]:
        """Whether the bounds hold the labelled share of each class, [C]."""
        inside: NDArray[np.bool_] = (self.estimate.low <= self.labelled) & (
            self.labelled <= self.estimate.high
        )
        return inside


Judgement = Mapping[Estimator, Sequence[JudgedTrack]]


def fit_methods(
    posts: LabelledPosts,
    labels: Sequence[str],
    model_version: str,
    methods: Sequence[Method] = METHODS,
) -> Fitted:
    """Learn everything from validation posts.

    Raises:
        PrevalenceError: a class is missing, or there are too few tracks.
    """
    tracks: dict[Method, TrackEstimates] = {}
    unusable: dict[Method, str] = {}
    for method in methods:
        try:
            tracks[method] = estimate_tracks(posts, labels, method)
        except IndistinguishableError as error:
            unusable[method] = str(error)
    return Fitted(
        fit=fit_quantifier(posts, labels, model_version),
        tracks=tracks,
        labelled={
            name: posts.where(posts.tracks == name).labelled_shares()
            for name in posts.track_names()
        },
        unusable=unusable,
    )


def judge_tracks(
    fitted: Fitted, posts: LabelledPosts, *, level: float | None = None, draws: int = 200
) -> dict[Estimator, list[JudgedTrack]]:
    """Estimate every track of labelled posts in every way.

    Args:
        fitted: from other posts.
        posts: to judge on.
        level: of the bounds; None: none are made, and they equal the shares.
        draws: bootstrap samples for the bounds.

    Returns:
        Estimator -> its tracks, by name.
    """
    judged: dict[Estimator, list[JudgedTrack]] = {CONSTANT: [], OWN_LABELS: []}
    prior = fitted.fit.prior_shares
    for name in posts.track_names():
        own = posts.where(posts.tracks == name)
        verdict = JudgedTrack(name, len(own), own.labelled_shares(), _bare(prior))
        judged[CONSTANT].append(verdict)
        before = fitted.labelled.get(name, prior)
        judged[OWN_LABELS].append(replace(verdict, estimate=_bare(before)))
        for estimator, found in _estimates(fitted, own, name, level, draws).items():
            judged.setdefault(estimator, []).append(replace(verdict, estimate=found))
    return judged


def _estimates(
    fitted: Fitted, own: LabelledPosts, name: str, level: float | None, draws: int
) -> dict[Estimator, Estimate]:
    """Every estimate of one track."""
    window = Window.of(own.posteriors)
    found: dict[Estimator, Estimate] = {}
    for method, tracks in fitted.tracks.items():
        forms = {
            "plain": None,
            "new": fit_correction(method, tracks, without=name),
            "known": fit_correction(method, tracks),
        }
        for form in FORMS:
            correction = forms[form]
            if level is None:
                shares = corrected(fitted.fit, window, method, correction, name)
                found[Estimator(method, form)] = _bare(shares)
            else:
                found[Estimator(method, form)] = interval(
                    fitted.fit,
                    window,
                    method,
                    correction=correction,
                    track=name,
                    level=level,
                    draws=draws,
                )
    return found


def _bare(shares: Array) -> Estimate:
    return Estimate(shares, shares, shares)
