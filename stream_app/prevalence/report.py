"""The figures of a quantifier's judgement: what `report.json` holds. Not for their wording."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from connectors.prevalence.estimators import METHODS, Method
from connectors.prevalence.posts import LabelledPosts
from connectors.prevalence.quantifier import Quantifier
from connectors.prevalence.tracks import fit_correction
from stream_app.prevalence.agreement import (
    Agreement,
    agree,
    choose,
    cross_fit,
    with_shares_alone_different,
)
from stream_app.prevalence.coverage import Coverage, simulate_coverage
from stream_app.prevalence.judging import (
    Estimator,
    Fitted,
    Judgement,
    fit_methods,
    judge_tracks,
)

LEVEL: Final = 0.9
SIMULATED_WINDOWS: Final = 300
SIMULATED_POSTS: Final = 300


@dataclass(frozen=True, slots=True)
class Data:
    """Which posts were used.

    Attributes:
        file: name of the file.
        split: value of `video_split`.
    """

    file: str
    split: str
    posts: int
    videos: int
    tracks: int


@dataclass(frozen=True, slots=True)
class Row:
    """An estimator over all tracks."""

    method: str
    form: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class TrackRow:
    """A track: label -> share, and label -> bounds of the two corrected ones."""

    track: str
    posts: int
    labelled: Mapping[str, float]
    counts: Mapping[str, float]
    new: Mapping[str, tuple[float, float, float]]
    known: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Report:
    """A quantifier, judged.

    Attributes:
        model_version: of the model that scored the posts.
        fitted_on: posts of the fit.
        judged_on: posts of the judgement; None: cross-fitting alone.
        chosen: form -> method with the least cross-fitted error.
        strengths: method -> how much of its adjustment is kept.
        cross_fitted: fitted on half of the fit's conversations, judged on the others.
        judged: fitted on all of them, judged on another split.
        shares_alone: as `judged`, or on the fit's own tracks where nothing is judged, with posts
            drawn so that tracks differ in their shares alone.
        simulated: estimator -> coverage under prior shift.
        tracks: of the judged split.
        unusable: method -> why.
    """

    model_version: str
    labels: Sequence[str]
    level: float
    fitted_on: Data
    judged_on: Data | None
    chosen: Mapping[str, Method]
    strengths: Mapping[str, float]
    cross_fitted: Sequence[Row]
    judged: Sequence[Row]
    shares_alone: Sequence[Row]
    simulated: Mapping[str, Coverage]
    tracks: Sequence[TrackRow]
    unusable: Mapping[Method, str]

    def as_json(self) -> dict[str, object]:
        """The figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fit gives.

    Attributes:
        quantifier: with the methods that cross-fitting chooses.
        fitted: all that was learned for it.
        crossed: the cross-fitted judgement.
    """

    quantifier: Quantifier
    fitted: Fitted
    crossed: Judgement


def describe(posts: LabelledPosts, file: str, split: str) -> Data:
    """Which posts these are."""
    videos = len({int(number) for number in posts.conversations})
    return Data(file, split, len(posts), videos, len(posts.track_names()))


def fit_best(
    posts: LabelledPosts, labels: Sequence[str], model_version: str, data: Data
) -> Learned:
    """Fit a quantifier and choose its methods by cross-fitting.

    Args:
        posts: of a validation split.
        labels: names of the classes.
        model_version: of the model that scored them.
        data: which posts these are, for the quantifier's notes.

    Raises:
        PrevalenceError: a class is missing, or there are too few tracks.
    """
    crossed = cross_fit(posts, labels, level=LEVEL)
    fitted = fit_methods(posts, labels, model_version)
    note = (
        f"fitted on {data.posts} posts of {data.file}, split {data.split}: {data.videos} "
        f"conversations, {data.tracks} tracks"
    )
    quantifier = Quantifier(
        fit=fitted.fit,
        corrections={
            method: fit_correction(method, tracks) for method, tracks in fitted.tracks.items()
        },
        known=choose(crossed, labels, "known", fitted.tracks),
        new=choose(crossed, labels, "new", fitted.tracks),
        notes=(note,),
    )
    return Learned(quantifier, fitted, crossed)


def make_report(
    learned: Learned,
    fitted_on: tuple[Data, LabelledPosts],
    judged_on: tuple[Data, LabelledPosts] | None,
) -> tuple[Report, Judgement]:
    """Judge a quantifier.

    Args:
        learned: from `fit_best`.
        fitted_on: the posts of the fit.
        judged_on: posts of another split; None: cross-fitting alone.

    Returns:
        The report, and the judgement that its plot shows.
    """
    quantifier, fitted = learned.quantifier, learned.fitted
    labels = quantifier.fit.labels
    pool = (judged_on or fitted_on)[1]
    judged = judge_tracks(fitted, pool, level=LEVEL) if judged_on else {}
    composition = {
        name: (int((pool.tracks == name).sum()), own.labelled_shares())
        for name in pool.track_names()
        for own in [pool.where(pool.tracks == name)]
    }
    alike = judge_tracks(fitted, with_shares_alone_different(pool, composition), level=LEVEL)
    report = Report(
        model_version=quantifier.fit.model_version,
        labels=labels,
        level=LEVEL,
        fitted_on=fitted_on[0],
        judged_on=judged_on[0] if judged_on else None,
        chosen={"new": quantifier.new, "known": quantifier.known},
        strengths={method: own.strength for method, own in quantifier.corrections.items()},
        cross_fitted=_rows(learned.crossed, labels),
        judged=_rows(judged, labels),
        shares_alone=_rows(
            {
                estimator: tracks
                for estimator, tracks in alike.items()
                if estimator.form == "plain" and estimator.method in METHODS
            },
            labels,
        ),
        simulated=simulate_coverage(
            fitted_on[1],
            labels,
            [method for method in METHODS if method in fitted.tracks],
            windows=SIMULATED_WINDOWS,
            posts=SIMULATED_POSTS,
            level=LEVEL,
        ),
        tracks=_tracks(judged, quantifier),
        unusable=dict(fitted.unusable),
    )
    return report, judged or learned.crossed


def _rows(judgement: Judgement, labels: Sequence[str]) -> list[Row]:
    return [
        Row(estimator.method, estimator.form, agree(tracks, labels))
        for estimator, tracks in judgement.items()
    ]


def _tracks(judged: Judgement, quantifier: Quantifier) -> list[TrackRow]:
    if not judged:
        return []
    labels = quantifier.fit.labels
    columns = (
        judged[Estimator("counts", "plain")],
        judged[Estimator(quantifier.new, "new")],
        judged[Estimator(quantifier.known, "known")],
    )
    rows = []
    for counts, new, known in zip(*columns, strict=True):
        bounds = [
            {
                label: (float(share), float(low), float(high))
                for label, share, low, high in zip(
                    labels, own.estimate.shares, own.estimate.low, own.estimate.high, strict=True
                )
            }
            for own in (new, known)
        ]
        rows.append(
            TrackRow(
                track=counts.track,
                posts=counts.posts,
                labelled=dict(zip(labels, counts.labelled.tolist(), strict=True)),
                counts=dict(zip(labels, counts.estimate.shares.tolist(), strict=True)),
                new=bounds[0],
                known=bounds[1],
            )
        )
    return rows
