"""`voxpop tracks`: rules that say which posts are in which track."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples

app = typer.Typer(help="Tracks as rules: check a file of them.", no_args_is_help=True)

MOST_NAMED = 5


@app.callback()
def tracks() -> None:
    """Keeps `check` a command of its own where it is the only one."""


@app.command(
    epilog=examples(
        "voxpop tracks check tracks.yaml", "voxpop tracks check tracks.yaml --posts posts.jsonl"
    )
)
def check(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file of tracks. Default: VOXPOP_TRACKS.")
    ] = None,
    posts: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSONL of raw posts: count their tracks."),
    ] = None,
) -> None:
    """Check a file of tracks; every fault is a line with file, line and column.

    With --posts the rules are tried: how many posts each track would have had.
    """
    from connectors.tracks.errors import TracksError  # noqa: PLC0415 - keeps `--help` fast
    from connectors.tracks.file import load_rules  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    path = file or Settings().tracks
    if path is None:
        raise CliError("name a file of tracks, or set VOXPOP_TRACKS", 2)
    try:
        rules = load_rules(path)
    except TracksError as error:
        for problem in error.problems:
            typer.secho(str(problem), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{path}: {len(rules.tracks):,} tracks")
    if rules.always:
        named = ", ".join(rules.always[:MOST_NAMED])
        typer.secho(
            f"{len(rules.always):,} may hold of a post whatever it says and are tried on every "
            f"one ({named}): join a word that must be there with AND",
            fg=typer.colors.YELLOW,
            err=True,
        )
    if posts is not None:
        from stream_app.cli.track_trial import print_trial, tried  # noqa: PLC0415

        print_trial(tried(rules, posts))
