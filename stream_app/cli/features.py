"""`voxpop features`: whole posts of what other programs measured. Not for sending them."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

app = typer.Typer(help="Make whole posts of what other programs measured.", no_args_is_help=True)


@app.callback()
def features() -> None:
    """Keeps `paper` a command of its own."""


@app.command(
    epilog=examples(
        "voxpop features paper raw.jsonl posts.jsonl --glove glove.txt",
        "voxpop features paper raw.jsonl posts.jsonl --glove glove.txt --facet facet",
    )
)
def paper(
    posts: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="JSONL, a raw post a line."
        ),
    ],
    envelopes: Annotated[Path, typer.Argument(dir_okay=False, help="JSONL, overwritten.")],
    glove: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Word vectors, 300 numbers a word.")
    ],
    covarep: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of RECORDING.csv, 74 columns."),
    ] = None,
    facet: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of RECORDING.csv, 35 columns."),
    ] = None,
) -> None:
    """Write posts of feature set `paper@1`, for `voxpop produce`.

    A post names its `recording`, and where it is said there by `start_s` and `end_s` (seconds).
    A line that gives no post is told with its number and passed over; the exit code is then 1.
    """
    from stream_app.cli.errors import CliError  # noqa: PLC0415 - keeps `--help` fast
    from stream_app.cli.paper_file import write_paper_posts  # noqa: PLC0415

    if envelopes.exists() and envelopes.samefile(posts):
        raise CliError(f"{envelopes} is the file that is read; name another to write to", 2)
    try:
        done = write_paper_posts(posts, envelopes, glove, covarep, facet)
    except (OSError, ValueError) as error:
        raise CliError(str(error)) from error
    for fault in done.faults:
        typer.echo(fault, err=True)
    typer.echo(f"{done.written:,} posts written to {envelopes}")
    if done.faults:
        raise CliError(f"lines that gave no post: {len(done.faults):,}")
