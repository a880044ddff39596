"""`voxpop bench model`: the network and the paper's baselines, trained side by side over seeds."""

from pathlib import Path
from typing import Annotated

import typer


def model(
    *,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for finished runs and tables.")
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="NAME=PATH of a source; NAME.features=PATH of its npz. Data sets without a path "
            "are left out.",
            metavar="NAME=PATH",
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A TOML file; else model_tables.toml."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE for every run.", metavar="KEY=VALUE"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep text features here; else in the data folder."),
    ] = None,
) -> None:
    """Train systems side by side over seeds: mean and deviation of F1 on each data set.

    Each finished run is kept in OUT: the same command goes on after a kill.
    """
    from benchmarks import model_tables as benchmark  # noqa: PLC0415 - keeps `--help` fast
    from models.errors import ModelError  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.progress import drawn_progress  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415
    from stream_app.settings import Settings  # noqa: PLC0415

    try:
        with drawn_progress() as progress:
            figures = benchmark.run(
                config or benchmark.CONFIG,
                data,
                change or (),
                out,
                cache or Settings().data_dir / "text-features",
                progress,
                lambda line: typer.echo(line, err=True),
            )
    except (ModelError, OSError) as error:
        raise CliError(str(error)) from error
    figures.show(wide_console())
    typer.echo(f"{out / benchmark.PAGE_FILE}: the tables with dev")
