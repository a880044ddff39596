"""How far a method errs by track, learned on validation tracks, and what that says of a window.

The methods of `estimators` assume that a post of a class looks alike in every track. Where it
does not, they err by track, more than sampling explains. Four numbers answer that: how much of
the adjustment is kept, the error that tracks have in common, the variance of what is each track's
own, and of what is of the time: the same track errs differently in other weeks. A track with
labelled posts gets its own error back as far as it stands out of noise and time; another gets the
wider interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from connectors.prevalence.errors import PrevalenceError
from connectors.prevalence.estimators import RAW, Method, estimate
from connectors.prevalence.fit import QuantifierFit, Rows, fit_quantifier
from connectors.prevalence.posts import Array, LabelledPosts, Window
from connectors.prevalence.resampling import weighted_estimates

FEWEST_TRACKS: Final = 5
FEWEST_CONVERSATIONS: Final = 6  # three in each half
NOISE_DRAWS: Final = 100


class TrackError(BaseModel):
    """The error of a method on one track's labelled posts.

    Attributes:
        posts: how many there were.
        error: [C], labelled shares less estimated ones.
        noise: [C, C], covariance of `error` from sampling conversations.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    posts: int = Field(ge=1)
    error: tuple[float, ...]
    noise: Rows


class Correction(BaseModel):
    """What validation tracks say of a method.

    Attributes:
        method: which.
        strength: how much of the adjustment is kept: 0 leaves raw shares, 1 adjusts in full.
        error: [C], mean over tracks of labelled less estimated shares.
        between: [C, C], covariance of the tracks' lasting errors around that.
        drift: [C, C], covariance of what the error of a track gains or loses from one time to
            another, a time being half of what the labelled posts cover; sampling is taken off
            both.
        within: [C, C], covariance of `error` from sampling, times the posts it comes from: that
            of one post, with what posts of a conversation have in common.
        tracks: those with labelled posts, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method
    strength: float = Field(ge=0.0, le=1.0)
    error: tuple[float, ...]
    between: Rows
    drift: Rows
    within: Rows
    tracks: dict[str, TrackError]

    def combine(self, raw: Array, full: Array) -> Array:
        """Raw shares moved by `strength` of the way to the adjusted ones, [..., C]."""
        return raw + self.strength * (full - raw)

    def expected_error(self, track: str | None) -> tuple[Array, Array]:
        """What to add to a combined estimate, and how uncertain that is.

        Args:
            track: its name; None for one that must count as new.

        Returns:
            Mean [C] and covariance [C, C] of labelled less estimated shares at another time:
            those of `error`, `between` and `drift`, and where the track has labelled posts the
            best linear prediction from all, which trusts its own error the more the less of it
            is noise and time.

        Source: Fay & Herriot 1979, JASA 74, the area-level model of small-area estimation.
        """
        mean, between = np.asarray(self.error), np.asarray(self.between)
        drift = np.asarray(self.drift)
        known = None if track is None else self.tracks.get(track)
        if known is None:
            return mean, (between + drift) * (1.0 + 1.0 / max(1, len(self.tracks)))
        observed = between + drift / 2.0 + np.asarray(known.noise)
        trust = between @ np.linalg.pinv(observed, hermitian=True)
        left = between + drift - trust @ between
        return mean + trust @ (np.asarray(known.error) - mean), (left + left.T) / 2.0


@dataclass(frozen=True, slots=True)
class TrackEstimates:
    """A method on validation tracks, each with rates fitted on the other tracks.

    Attributes:
        names: the T tracks.
        posts: of each.
        truth, raw, full: [T, C], labelled, raw and adjusted shares.
        noise: [4, T, C, C]: covariances over resampled conversations of the errors of raw and of
            adjusted shares, and of the former with the latter and back.
        moved: [2, T, C], how the errors of raw and of adjusted shares differ between the earlier
            and the later half of a track's conversations.
        moved_noise: [4, T, C, C], the same covariances as `noise`, of `moved`.
    """

    names: Sequence[str]
    posts: Sequence[int]
    truth: Array
    raw: Array
    full: Array
    noise: Array
    moved: Array
    moved_noise: Array


def estimate_tracks(
    posts: LabelledPosts, labels: Sequence[str], method: Method, seed: int = 0
) -> TrackEstimates:
    """Estimate each validation track with rates of the others.

    Args:
        posts: validation posts; tracks of fewer than six conversations are left out.
        labels: names of the classes.
        method: which.
        seed: of the resampling of conversations.

    Raises:
        PrevalenceError: fewer than five tracks are left, or the method fails; see `estimators`.
    """
    names = [name for name in posts.track_names() if _is_judged(posts, name)]
    if len(names) < FEWEST_TRACKS:
        raise PrevalenceError(
            f"{len(names)} tracks have {FEWEST_CONVERSATIONS} labelled conversations or more; how "
            f"tracks differ shows from {FEWEST_TRACKS}: label more, or do without"
        )
    generator = np.random.default_rng(seed)
    rows = [_estimate_track(posts, labels, method, name, generator) for name in names]
    truth, raw, full, noise, moved, moved_noise = (
        np.stack(column) for column in zip(*rows, strict=True)
    )
    return TrackEstimates(
        names=names,
        posts=[int((posts.tracks == name).sum()) for name in names],
        truth=truth,
        raw=raw,
        full=full,
        noise=np.moveaxis(noise, 1, 0),
        moved=np.moveaxis(moved, 1, 0),
        moved_noise=np.moveaxis(moved_noise, 1, 0),
    )


def fit_correction(
    method: Method, tracks: TrackEstimates, without: str | None = None
) -> Correction:
    """Learn strength and errors from validation tracks, each counting once.

    Args:
        method: that of `tracks`.
        tracks: from `estimate_tracks`.
        without: a track to leave out, to judge the correction on it.

    Source: the moments' estimate of the variance between tracks is that of DerSimonian & Laird
    1986, Controlled Clinical Trials 7, with all tracks weighing the same.
    """
    kept = np.array([name != without for name in tracks.names])
    missed, step = (tracks.truth - tracks.raw)[kept], (tracks.full - tracks.raw)[kept]
    strength = _slope(step, missed)
    errors = missed - strength * step  # [T, C]
    weights = np.array([(1 - strength) ** 2, strength**2, *[strength * (1 - strength)] * 2])
    noise = np.tensordot(weights, tracks.noise[:, kept], axes=1)  # [T, C, C]
    moved = np.tensordot([1 - strength, strength], tracks.moved[:, kept], axes=1)  # [T, C]
    moved_noise = np.tensordot(weights, tracks.moved_noise[:, kept], axes=1)  # [T, C, C]
    excess = moved[:, :, None] * moved[:, None, :] - moved_noise  # [T, C, C]
    drift = _positive(excess.mean(axis=0) / 2.0)  # half: both times have theirs
    # labelled posts cover two such times, so that half of it is averaged out of their errors
    between = _positive(np.cov(errors, rowvar=False) - noise.mean(axis=0) - drift / 2.0)
    names = [name for name, own in zip(tracks.names, kept, strict=True) if own]
    sizes = [size for size, own in zip(tracks.posts, kept, strict=True) if own]
    return Correction(
        method=method,
        strength=strength,
        error=tuple(errors.mean(axis=0).tolist()),
        between=_rows(between),
        drift=_rows(drift),
        within=_rows(np.mean(noise * np.array(sizes)[:, None, None], axis=0)),
        tracks={
            name: TrackError(posts=size, error=tuple(error.tolist()), noise=_rows(own))
            for name, size, error, own in zip(names, sizes, errors, noise, strict=True)
        },
    )


def fit_corrections(
    posts: LabelledPosts, labels: Sequence[str], methods: Sequence[Method], seed: int = 0
) -> Mapping[Method, Correction]:
    """The corrections of several methods; errors as `estimate_tracks`."""
    return {
        method: fit_correction(method, estimate_tracks(posts, labels, method, seed))
        for method in methods
    }


def _estimate_track(
    posts: LabelledPosts,
    labels: Sequence[str],
    method: Method,
    name: str,
    generator: np.random.Generator,
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The row of one track in each array of `TrackEstimates`, from `truth` on."""
    own = posts.where(posts.tracks == name)
    fit = fit_quantifier(posts.where(posts.tracks != name), labels, "other tracks")
    conversations = np.unique(own.conversations)
    early = own.conversations < conversations[len(conversations) // 2]
    halves = own.where(early), own.where(~early)
    before, after = (_errors(fit, half, method) for half in halves)
    raw, full = _estimates(fit, own, method)
    return (
        own.labelled_shares(),
        raw,
        full,
        _noise(fit, own, method, generator),
        before - after,
        sum((_noise(fit, half, method, generator) for half in halves), np.zeros(1)),
    )


def _estimates(fit: QuantifierFit, own: LabelledPosts, method: Method) -> Array:
    """Raw and adjusted shares, [2, C]."""
    window = Window.of(own.posteriors)
    return np.stack([estimate(fit, window, RAW[method]), estimate(fit, window, method)])


def _errors(fit: QuantifierFit, own: LabelledPosts, method: Method) -> Array:
    """Labelled less raw and less adjusted shares, [2, C]."""
    errors: Array = own.labelled_shares() - _estimates(fit, own, method)
    return errors


def _noise(
    fit: QuantifierFit, own: LabelledPosts, method: Method, generator: np.random.Generator
) -> Array:
    """Covariances of both errors over resampled conversations, [4, C, C]."""
    conversations, members = np.unique(own.conversations, return_inverse=True)
    size = len(conversations)
    drawn = generator.multinomial(size, np.full(size, 1.0 / size), NOISE_DRAWS)
    weights = drawn[:, members].astype(np.float64)  # [D, M]
    truth = weights @ np.eye(own.classes)[own.truth] / weights.sum(axis=1, keepdims=True)
    raw_errors = truth - weighted_estimates(fit, own.posteriors, weights, RAW[method])
    full_errors = truth - weighted_estimates(fit, own.posteriors, weights, method)
    covariance = np.cov(raw_errors, full_errors, rowvar=False)  # [2C, 2C]
    covariance *= size / (size - 1)  # a bootstrap of n varies like n - 1
    classes = own.classes
    return np.stack(
        [
            covariance[:classes, :classes],
            covariance[classes:, classes:],
            covariance[:classes, classes:],
            covariance[classes:, :classes],
        ]
    )


def _is_judged(posts: LabelledPosts, name: str) -> bool:
    conversations = np.unique(posts.conversations[posts.tracks == name])
    return len(conversations) >= FEWEST_CONVERSATIONS


def _slope(step: Array, missed: Array) -> float:
    """Least squares of [T, C] on [T, C] with a mean of each class, held to [0, 1]."""
    own, wanted = step - step.mean(axis=0), missed - missed.mean(axis=0)
    spread = float((own**2).sum())
    return float(np.clip((own * wanted).sum() / spread, 0.0, 1.0)) if spread else 0.0


def _positive(matrix: Array) -> Array:
    """The nearest covariance [C, C]: negative eigenvalues set to 0."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    positive: Array = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return positive


def _rows(array: Array) -> Rows:
    return tuple(tuple(row) for row in array.tolist())
