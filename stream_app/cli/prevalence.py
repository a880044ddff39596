"""`voxpop prevalence`: shares corrected for what the classifier confuses."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.examples import examples

if TYPE_CHECKING:
    from stream_app.settings import Settings

app = typer.Typer(
    help="Shares corrected for what the classifier confuses, from labelled comments.",
    no_args_is_help=True,
)

COMMENTS = typer.Argument(help="Parquet file of labelled comments, in the layout of CSMV.")
FIT_SPLIT = typer.Option(help="Value of `video_split` to fit on: not trained on, not tested on.")
MODEL = typer.Option(file_okay=False, help="Checkpoint folder. Default: VOXPOP_MODEL.")


@app.command(epilog=examples("voxpop prevalence fit comments.parquet --out quantifier.json"))
def fit(
    path: Annotated[Path, COMMENTS],
    out: Annotated[Path, typer.Option(dir_okay=False, help="JSON file to write.")],
    split: Annotated[str, FIT_SPLIT] = "dev",
    model: Annotated[Path | None, MODEL] = None,
) -> None:
    """Count what the model confuses on labelled comments, and choose how to correct for it.

    A video is a conversation and a hashtag a track. The file holds for one model only.
    """
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.prevalence.command import run_fit  # noqa: PLC0415

    with drawn_progress() as progress:
        quantifier = run_fit(path, split, out, _settings(model), progress)
    typer.echo(f"{out}: {quantifier.fit.model_version}, {quantifier.notes[0]}")
    typer.echo(f"new tracks: {quantifier.new}; known tracks: {quantifier.known}")


@app.command(epilog=examples("voxpop prevalence report comments.parquet --out report --judge test"))
def report(
    path: Annotated[Path, COMMENTS],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the report.")],
    split: Annotated[str, FIT_SPLIT] = "dev",
    judge: Annotated[
        str | None,
        typer.Option(help="Held-out split to judge on. Default: cross-fitting alone."),
    ] = None,
    model: Annotated[Path | None, MODEL] = None,
) -> None:
    """Set shares by track beside labelled ones: raw, and by every method of correction.

    Methods are chosen by cross-fitting on the split of the fit, whatever is judged.
    """
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.prevalence.agreement import ALL  # noqa: PLC0415
    from stream_app.prevalence.command import run_report  # noqa: PLC0415

    with drawn_progress() as progress:
        judged = run_report(path, split, judge, out, _settings(model), progress)
    for row in judged.judged or judged.cross_fitted:
        is_reference = row.method in {"counts", "constant"} and row.form == "plain"
        if is_reference or judged.chosen.get(row.form) == row.method:
            error, correlation = row.agreement.mean_error[ALL], row.agreement.pearson[ALL]
            told = "undefined" if correlation is None else f"{correlation:.3f}"
            typer.echo(f"{row.method}, {row.form}: mean absolute error {error:.3f}, Pearson {told}")
    typer.echo(f"report in {out}")


def _settings(model: Path | None) -> "Settings":
    from stream_app.settings import Settings  # noqa: PLC0415 - keeps `--help` fast

    settings = Settings()
    return settings if model is None else settings.model_copy(update={"model": model})
