"""`voxpop replay`: labelled comments through the whole pipeline, compared with their labels."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

EXAMPLES = examples(
    "voxpop replay comments.parquet --limit 500 --span 6h",
    "voxpop replay comments.parquet --split test --workers 2 --report replayed",
)


def replay(
    path: Annotated[
        Path, typer.Argument(help="Parquet file of labelled comments, in the layout of CSMV.")
    ],
    split: Annotated[
        list[str] | None, typer.Option(help="Value of `video_split` to take; may be repeated.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most comments, by whole videos. Default: all.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Most posts a second. Default: no limit.")
    ] = None,
    span: Annotated[
        str, typer.Option(help="Length of the new time axis, which ends now, as in 24h.")
    ] = "24h",
    workers: Annotated[int, typer.Option(min=1, max=8, help="Workers to start.")] = 1,
    report: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("replay-report"),
    prevalence: Annotated[
        Path | None,
        typer.Option(help="File of `voxpop prevalence fit` that corrects the shares."),
    ] = None,
) -> None:
    """Play labelled comments through Kafka, worker and Redis, and compare trends with labels.

    A video is a conversation and a hashtag a track. The columns are comment_key, video_id,
    hashtag, text, opinion, video_unix_from_id and video_split. Servers of its own are started
    unless VOXPOP_KAFKA and VOXPOP_REDIS are set. Exit code 1 when a post is not accounted for.
    """
    from connectors.trends.timespan import parse_duration  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.replay.command import run_replay  # noqa: PLC0415
    from stream_app.replay.run import ReplayOptions  # noqa: PLC0415

    try:
        options = ReplayOptions(span_s=parse_duration(span), rate=rate, workers=workers)
    except ValueError as error:
        raise CliError(str(error), exit_code=2) from error
    with drawn_progress() as progress:
        judged = run_replay(path, split or ["test"], limit, options, report, prevalence, progress)
    counted, posts, shares = judged.counted, judged.posts, judged.shares
    typer.echo(
        f"sent {counted.sent}, scored {counted.scored}, dead letters {counted.dead_lettered}, "
        f"counted {counted.counted}: {counted.lost} lost, {counted.double_counted} double; "
        f"{judged.recounted.differing} counts differ in the recount"
    )
    typer.echo(
        f"posts: accuracy {posts.model['accuracy']:.3f} (always {posts.majority_label}: "
        f"{posts.majority['accuracy']:.3f}), weighted F1 {posts.model['weighted_f1']:.3f}; "
        f"shares by hashtag: mean absolute error {shares.mean_error['all']:.3f}"
    )
    if judged.corrected is not None:
        corrected = judged.corrected.shares.mean_error["all"]
        typer.echo(f"corrected shares by hashtag: mean absolute error {corrected:.3f}")
    typer.echo(f"report in {report}")
    if not judged.is_clean:
        raise CliError("not every post is accounted for; see the report")
