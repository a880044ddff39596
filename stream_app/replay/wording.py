"""A replay's report in Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from connectors.schemas.labels import SENTIMENTS
from stream_app.replay.correction import Corrected
from stream_app.replay.report import Played, Report


def markdown(report: Report, plot: str) -> str:
    """The report as a page.

    Args:
        report: what to say.
        plot: name of the plot's file, beside the page.
    """
    parts = [
        "# Labelled comments through the whole pipeline",
        _what(report),
        "## Every post accounted for",
        _accounts(report),
        "## Shares by hashtag",
        _shares(report),
        f"![Predicted against labelled shares by hashtag]({plot})",
        _tracks(report),
        *([] if report.corrected is None else [_corrected(report, report.corrected)]),
        "## Post by post",
        _posts(report),
    ]
    return "\n\n".join(parts) + "\n"


def _what(report: Report) -> str:
    played, pace = report.played, report.pace
    return (
        f"{played.comments:,} comments with `video_split` {' and '.join(played.splits)} of "
        f"`{played.file}`, under {played.videos:,} videos (conversations) and "
        f"{played.tracks} hashtags (tracks), were sent through Kafka and "
        f"{pace.workers} Faust worker{'s' * (pace.workers > 1)} into Redis. "
        f"Model: `{', '.join(report.model_versions)}`. {played.unlabelled:,} have no opinion "
        "label; they were sent and are not compared.\n\n" + _times(played)
    )


def _times(played: Played) -> str:
    return (
        "The event times are made up: the file knows only when a video was posted, and trends of "
        "then have expired. The comments of a video were spread evenly over "
        f"{played.spread_s / 3600:.0f} hours after it, in the order of the file, and the whole "
        f"axis, {played.original_from[:10]} to {played.original_until[:10]}, was scaled linearly "
        f"onto the {played.span_s / 3600:g} hours before the replay ({played.scale:,.0f} times "
        f"faster). Comments of videos without a time, {played.without_time:,}, were put at its "
        "beginning. The conversations' order is the file's; the trends' times mean nothing."
    )


def _accounts(report: Report) -> str:
    counted, pace, recounted = report.counted, report.pace, report.recounted
    rows = [
        ("sent", counted.sent),
        ("scored", counted.scored),
        ("dead letters", counted.dead_lettered),
        ("counted in Redis", counted.counted),
        ("lost", counted.lost),
        ("counted twice", counted.double_counted),
        ("duplicates in `predictions`", counted.duplicate_predictions),
        ("counts that differ in the recount", recounted.differing),
        ("buckets recounted", recounted.buckets),
        ("worker restarts", pace.restarts),
    ]
    verdict = "Every post is accounted for." if report.is_clean else "NOT every post is."
    return (
        _table(("posts", ""), [(name, f"{value:,}") for name, value in rows])
        + f"\n\n{verdict} {pace.posts_per_s:,} posts/s: {pace.elapsed_s:,} s from the first post "
        f"sent to the last one done; the texts had been encoded before, in {pace.encode_s:,} s."
    )


def _shares(report: Report) -> str:
    shares = report.shares
    columns = (*SENTIMENTS, "all")
    rows = [
        ("mean absolute error over hashtags", *_numbers(shares.mean_error, columns)),
        (
            "the same with one constant for every hashtag",
            *_numbers(shares.constant_error, columns),
        ),
        ("Pearson, predicted and labelled", *_numbers(shares.pearson, columns)),
    ]
    return (
        _table(("", *columns), rows)
        + "\n\nThe constant is the labelled share over all comments together: what is reached "
        "without telling hashtags apart. Pearson over all sentiments is raised by their different "
        "frequencies alone."
    )


def _tracks(report: Report) -> str:
    header = ("hashtag", "n", *(f"{label[:3]}. lab./pred." for label in SENTIMENTS), "mean error")
    rows = [
        (
            track.track,
            f"{track.labelled_posts:,}",
            *(f"{track.labelled[s]:.3f} / {track.predicted[s]:.3f}" for s in SENTIMENTS),
            f"{track.mean_error:.3f}",
        )
        for track in report.tracks
    ]
    return _table(header, rows)


def _corrected(report: Report, corrected: Corrected) -> str:
    columns = (*SENTIMENTS, "all")
    known = sum(track.is_known for track in corrected.tracks)
    methods = sorted({track.method.replace("_", " ") for track in corrected.tracks})
    summary = [
        ("mean absolute error, counted", *_numbers(report.shares.mean_error, columns)),
        ("mean absolute error, corrected", *_numbers(corrected.shares.mean_error, columns)),
        ("Pearson, counted", *_numbers(report.shares.pearson, columns)),
        ("Pearson, corrected", *_numbers(corrected.shares.pearson, columns)),
    ]
    rows = [
        (
            track.agreement.track,
            "known" if track.is_known else "new",
            *(
                f"{track.agreement.labelled[s]:.3f} / {track.agreement.predicted[s]:.3f} "
                f"({track.low[s]:.2f}-{track.high[s]:.2f})"
                for s in SENTIMENTS
            ),
            f"{track.agreement.mean_error:.3f}",
        )
        for track in corrected.tracks
    ]
    header = (
        "hashtag",
        "in the fit",
        *(f"{label[:3]}. lab./cor. (90 %)" for label in SENTIMENTS),
        "mean error",
    )
    told = (
        f"By {' and '.join(methods)}; {'; '.join(corrected.notes)}. {known} of the "
        f"{len(corrected.tracks)} hashtags have labelled posts there; a fit on the comments of "
        "this replay would flatter it. The 90 % intervals hold "
        f"{corrected.held:.0%} of the labelled shares."
    )
    parts = [
        "### Corrected for what the model confuses",
        told,
        _table(("", *columns), summary),
        _table(header, rows),
    ]
    return "\n\n".join(parts)


def _posts(report: Report) -> str:
    posts = report.posts
    measures = ("accuracy", "weighted_f1", "macro_f1")
    rows = [
        ("model", *_numbers(posts.model, measures)),
        (f"always {posts.majority_label}", *_numbers(posts.majority, measures)),
    ]
    confusion = [
        (label, *(f"{posts.confusion[label][guess]:,}" for guess in SENTIMENTS))
        for label in SENTIMENTS
    ]
    return (
        f"{posts.posts:,} labelled comments with a prediction.\n\n"
        + _table(("", "accuracy", "weighted F1", "macro F1"), rows)
        + "\n\nLabels by row, predictions by column:\n\n"
        + _table(("", *SENTIMENTS), confusion)
    )


def _numbers(values: Mapping[str, float | None], names: Iterable[str]) -> list[str]:
    return ["undefined" if (value := values[name]) is None else f"{value:.3f}" for name in names]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
