"""The report in Markdown. Not for its figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stream_app.prevalence.agreement import ALL
from stream_app.prevalence.report import Data, Report, Row, TrackRow

METHOD_NAMES: Final = {
    "constant": "one constant: shares of the fit's posts",
    "own_labels": "the track's own labelled posts of the fit, nothing read",
    "counts": "label counts",
    "probabilities": "mean probability",
    "adjusted_count": "adjusted count",
    "probabilistic_adjusted_count": "probabilistic adjusted count",
    "expectation_maximisation": "expectation maximisation",
    "raw counts": "label counts, Wilson's interval",
}
FORM_NAMES: Final = {"plain": "", "new": ", track new", "known": ", track known"}
FORMS: Final = (
    "A method alone is as it is published and assumes that a post of a class looks alike in every "
    "track. *Track new*: how much of the adjustment is kept, and the error that tracks have in "
    "common, are learned on the other tracks of the fit. *Track known*: the track's own labelled "
    "posts of the fit (of other conversations) count too, as far as they stand out of noise."
)


def markdown(report: Report, plot: str) -> str:
    """The report as a page.

    Args:
        report: what to say.
        plot: name of the plot's file, beside the page.
    """
    parts = ["# Shares by track, corrected for what the classifier confuses", _what(report)]
    if report.judged_on is not None:
        parts += ["## On held-out conversations", FORMS, _agreements(report, report.judged)]
    parts += [f"![Predicted against labelled shares by track]({plot})"]
    if report.judged_on is not None:
        parts += [_tracks(report.tracks, report.labels)]
    parts += ["## Cross-fitted on the posts of the fit", _crossing(report)]
    if report.judged_on is None:
        parts += [FORMS]
    parts += [
        _agreements(report, report.cross_fitted),
        "## Had tracks differed in their shares alone",
        _alone(report),
        _agreements(report, report.shares_alone),
        "## Do intervals hold the truth?",
        _simulated(report),
    ]
    return "\n\n".join(parts) + "\n"


def _what(report: Report) -> str:
    told = f"Model: `{report.model_version}`. Fitted on {_data(report.fitted_on)}."
    if report.judged_on is not None:
        told += f" Judged on {_data(report.judged_on)}."
    told += (
        f" Bounds are of {report.level:.0%} intervals. A track counts once. Pearson over all "
        "labels is raised by their different frequencies alone."
    )
    for method, reason in report.unusable.items():
        told += f" Left out is {METHOD_NAMES[method]}: {reason}."
    return told


def _data(data: Data) -> str:
    return (
        f"{data.posts:,} labelled comments with `video_split` {data.split} of `{data.file}`, "
        f"under {data.videos:,} videos and {data.tracks} tracks"
    )


def _crossing(report: Report) -> str:
    chosen = {form: METHOD_NAMES[method] for form, method in report.chosen.items()}
    strengths = ", ".join(
        f"{METHOD_NAMES[method]} {strength:.2f}"
        for method, strength in report.strengths.items()
        if method not in {"counts", "probabilities"}
    )
    return (
        "Fitted on half of the conversations and judged on the other half, both ways, over three "
        f"halvings. This chooses the methods: {chosen['new']} for a new track, "
        f"{chosen['known']} for a known one. Of the adjustment is kept, fitted on all: "
        f"{strengths}; 1 is the published method, 0 raw shares."
    )


def _alone(report: Report) -> str:
    split = (report.judged_on or report.fitted_on).split
    return (
        f"The same tracks with the same labelled shares, their posts drawn by class from the "
        f"other tracks of split {split}. The error left here is the classifier's and that of "
        "sampling; what the methods alone miss beyond it on the true tracks comes from posts of a "
        "class that look different by track."
    )


def _simulated(report: Report) -> str:
    rows = [
        (
            METHOD_NAMES[name],
            f"{own.held:.3f}",
            *(f"{held:.3f}" for held in own.by_class),
            f"{own.mean_error:.3f}",
            f"{own.width:.3f}",
        )
        for name, own in report.simulated.items()
    ]
    header = ("interval of", "held", *report.labels, "mean error", "mean width")
    return (
        "Simulated: windows of 300 posts with shares uniform on the simplex, drawn from the fit's "
        f"posts; rates fitted on another sample of them each time. A {report.level:.0%} interval "
        "should hold the true share as often. On true tracks: the column *held* above.\n\n"
        + _table(header, rows)
    )


def _agreements(report: Report, rows: Iterable[Row]) -> str:
    columns = (*report.labels, ALL)
    lines = [
        (
            METHOD_NAMES[row.method] + FORM_NAMES[row.form],
            *(f"{row.agreement.mean_error[name]:.3f}" for name in columns),
            *(_correlation(row.agreement.pearson[name]) for name in columns),
            *_bounds(row),
        )
        for row in rows
    ]
    header = (
        "",
        *(f"error {name[:3]}." for name in report.labels),
        "error",
        *(f"r {name[:3]}." for name in report.labels),
        "r",
        "held",
        "width",
    )
    return _table(header, lines)


def _bounds(row: Row) -> tuple[str, str]:
    if not row.agreement.width:
        return "", ""
    return f"{row.agreement.coverage[ALL]:.2f}", f"{row.agreement.width:.2f}"


def _correlation(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _tracks(tracks: Sequence[TrackRow], labels: Sequence[str]) -> str:
    """Each share as labelled, counted, and corrected as new and known with its bounds."""
    lines = []
    for row in tracks:
        cells = [
            f"{row.labelled[label]:.3f} / {row.counts[label]:.3f} / {row.new[label][0]:.3f} / "
            f"{_with_bounds(row.known, label)}"
            for label in labels
        ]
        lines.append((row.track, f"{row.posts:,}", *cells))
    explained = "Labelled / counted / corrected as new / corrected as known, with its interval."
    return explained + "\n\n" + _table(("track", "n", *labels), lines)


def _with_bounds(shares: Mapping[str, tuple[float, float, float]], label: str) -> str:
    share, low, high = shares[label]
    return f"{share:.3f} ({low:.2f}-{high:.2f})"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
